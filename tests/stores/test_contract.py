"""The contract, run over every store; and a count that nobody got around a case.

Whoever brings a new store writes one class, its `World`, and one line, in `worlds.WORLDS`.
"""

import pytest
from contract import StoreContract
from contract_joining import JoiningContract
from process_contract import ProcessContract
from worlds import WORLDS, World

SHARED = [name for name, kind in WORLDS.items() if kind.processes]
JOINING = [name for name, kind in WORLDS.items() if kind.joining]


@pytest.fixture
def world(request, tmp_path):
    """One world, named by the parameter."""
    kind = WORLDS[request.param]
    for name in kind.fixtures:
        request.getfixturevalue(name)
    world = kind(tmp_path)
    yield world
    world.close()


@pytest.mark.parametrize("world", list(WORLDS), indirect=True)
class TestEveryStore(StoreContract):
    """All cases over all stores."""


@pytest.mark.parametrize("world", SHARED, indirect=True)
class TestEveryStoreOfProcesses(ProcessContract):
    """All cases for processes over all stores that processes share."""


@pytest.mark.parametrize("world", JOINING, indirect=True)
class TestEveryJoiningStore(JoiningContract):
    """All cases of joined lines over all stores that can join them."""

    store, other = StoreContract.store, StoreContract.other


def cases(suite):
    return {name for name in dir(suite) if name.startswith("test_")}


@pytest.mark.parametrize(
    ("suite", "contract"),
    [
        (TestEveryStore, StoreContract),
        (TestEveryStoreOfProcesses, ProcessContract),
        (TestEveryJoiningStore, JoiningContract),
    ],
)
def test_no_case_is_overridden_or_left_out(suite, contract):
    assert cases(suite) == cases(contract)
    assert set(vars(suite)) & cases(contract) == set()
    for name in cases(contract):
        assert getattr(suite, name) is getattr(contract, name)


def test_no_case_is_skipped_or_lost(request):
    """Counts what pytest has collected, where it has collected this whole file."""
    wanted = {(name, world) for name in cases(StoreContract) for world in WORLDS}
    wanted |= {(name, world) for name in cases(ProcessContract) for world in SHARED}
    wanted |= {(name, world) for name in cases(JoiningContract) for world in JOINING}
    here = [item for item in request.session.items if item.path == request.path and item.cls]
    if len(here) >= len(wanted):
        assert {(item.originalname, item.callspec.params["world"]) for item in here} == wanted
        assert not [item for item in here if item.get_closest_marker("skip") or item.get_closest_marker("skipif")]
    assert len(cases(StoreContract)) >= 50, "cases were lost"
    assert len(cases(ProcessContract)) >= 6, "cases were lost"
    assert len(cases(JoiningContract)) >= 14, "cases were lost"


def test_the_stores_that_can_join_lines_are_those_in_memory_and_in_git():
    assert set(JOINING) == {"memory", "git", "bare", "worktree"}


def test_only_the_store_in_memory_and_one_more_place_of_git_go_without_processes():
    assert set(WORLDS) - set(SHARED) == {"memory", "bare"}


@pytest.mark.parametrize("kind", WORLDS.values(), ids=WORLDS)
def test_a_world_opens_a_store_and_goes_around_it_and_no_more(kind):
    """A world that skips a case, or says what it wants, would be a way around the contract."""
    assert issubclass(kind, World)
    for name in ("new_handle", "raw_log", "raw_documents", "damage"):
        assert getattr(kind, name) is not getattr(World, name)
    assert kind.open is World.open
