"""The contract, run over every store; and a count that nobody got around a case."""

import pytest
from contract import StoreContract
from process_contract import ProcessContract
from worlds import WORLDS


def world_of(name, folder):
    world = WORLDS[name](folder)
    world.name = name
    yield world
    world.close()


class TestMemory(StoreContract):
    @pytest.fixture
    def world(self, tmp_path):
        yield from world_of("memory", tmp_path)


class TestGit(StoreContract, ProcessContract):
    @pytest.fixture
    def world(self, tmp_path):
        yield from world_of("git", tmp_path)


class TestBare(StoreContract):
    @pytest.fixture
    def world(self, tmp_path):
        yield from world_of("bare", tmp_path)


class TestWorktree(StoreContract, ProcessContract):
    @pytest.fixture
    def world(self, tmp_path):
        yield from world_of("worktree", tmp_path)


class TestSqlite(StoreContract, ProcessContract):
    @pytest.fixture
    def world(self, tmp_path):
        yield from world_of("sqlite", tmp_path)


class TestPostgres(StoreContract, ProcessContract):
    @pytest.fixture
    def world(self, tmp_path, postgres):
        yield from world_of("postgres", tmp_path)


SUITES = [TestMemory, TestGit, TestBare, TestWorktree, TestSqlite, TestPostgres]


def cases(suite):
    return {name for name in dir(suite) if name.startswith("test_")}


@pytest.mark.parametrize("suite", SUITES)
def test_no_store_overrides_or_leaves_out_a_case(suite):
    assert set(vars(suite)) & cases(suite) == set()
    assert cases(suite) >= cases(StoreContract)
    assert len(cases(StoreContract)) >= 41, "cases were lost"
    for name in cases(StoreContract):
        assert getattr(suite, name) is getattr(StoreContract, name)


def test_every_store_that_processes_can_share_has_the_cases_for_processes():
    for suite in SUITES:
        world = WORLDS[suite.__name__.removeprefix("Test").lower()]
        assert issubclass(suite, ProcessContract) or not world.processes or suite is TestBare
