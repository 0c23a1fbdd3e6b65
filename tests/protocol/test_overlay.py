"""What was changed above the documents of a store, against a plain dictionary."""

from hypothesis import given
from hypothesis import strategies as st

from coordinaut_git.protocol.overlay import Overlay

PATHS = st.sampled_from(["line", "a/x", "a/y", "a/b/x", "a/b/y", "a/c/d/x", "b/c/x", "ab/x"])
CHANGES = st.dictionaries(PATHS, st.none() | st.integers(), max_size=3)


def below(known, folder):
    """The names of folders right below one, in which there is something, from a dictionary of all paths."""
    start = f"{folder}/" if folder else ""
    rest = [path.removeprefix(start) for path, value in known.items() if path.startswith(start) and value is not None]
    return sorted({path.partition("/")[0] for path in rest if "/" in path})


@given(st.lists(CHANGES, max_size=12))
def test_an_overlay_knows_what_a_dictionary_of_all_changes_would_and_old_ones_stay_as_they_were(lots):
    line: list[tuple[Overlay[int], dict[str, int | None]]] = [(Overlay(), {})]
    for changes in lots:
        overlay, known = line[-1]
        line.append((overlay.changed(changes), {**known, **changes}))
    for overlay, known in line:
        assert dict(overlay.items()) == known
        assert len(overlay) == len(known)
        for folder in ("", "a", "a/b", "a/c", "a/c/d", "b", "ab", "nowhere"):
            here = {
                path.rpartition("/")[2]: value for path, value in known.items() if path.rpartition("/")[0] == folder
            }
            assert overlay.here(folder) == here
            assert sorted(overlay.folders(folder)) == below(known, folder)
        for path in ("line", "a/x", "a/b/x", "a/c/d/x", "a/c", "nowhere/x"):
            assert overlay.get(path, "unknown") == known.get(path, "unknown")
            assert (path in overlay) == (path in known)


@given(st.lists(CHANGES, min_size=1, max_size=6), CHANGES)
def test_what_is_other_than_before_is_told_and_nothing_else(lots, newest):
    before: Overlay[int] = Overlay()
    for changes in lots:
        before = before.changed(changes)
    after, known = before.changed(newest), dict(before.items())
    different = dict(after.since(before))
    assert {**known, **different} == {**known, **newest}
    assert different.keys() <= newest.keys()
    assert dict(before.since(before)) == {}


def test_what_a_change_costs_does_not_grow_with_the_documents():
    overlay: Overlay[int] = Overlay()
    for number in range(300):
        overlay = overlay.changed({f"tasks/{number // 64}/{number}": number})
    after = overlay.changed({"tasks/0/1": 0})
    kept = [
        folder for folder in ("tasks/1", "tasks/2", "tasks/3", "tasks/4") if after.here(folder) is overlay.here(folder)
    ]
    assert len(kept) == 4
