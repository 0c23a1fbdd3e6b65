"""`make demo` runs to its end, and its checker finds what is planted before it."""

import json
import subprocess
import sys

import pytest
from project_guard import PROJECT
from race import checker, stage
from race.checker import Call, HandedIn
from race.verdict import judge

DEMO = PROJECT / "examples" / "demo.py"


def play(folder, cwd):
    return subprocess.run([sys.executable, DEMO, "--folder", folder], cwd=cwd, capture_output=True, encoding="utf-8")


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The demonstration, played once."""
    room = tmp_path_factory.mktemp("played")
    return stage.Stage(room / "demo"), play(room / "demo", room)


@pytest.mark.slow
def test_the_demonstration_keeps_every_promise(played):
    _, done = played
    assert (done.returncode, done.stderr) == (0, "")
    assert "BROKEN" not in done.stdout
    assert done.stdout.count("\nkept ") == 6
    assert "\x1b" not in done.stdout
    for happened in ("refused.", "strayed into pyproject.toml", "killed in the middle", "takes over, saying why"):
        assert happened in done.stdout


@pytest.mark.slow
def test_the_verdict_on_a_real_race_turns_when_its_evidence_is_tampered_with(played):
    place, _ = played
    surroundings = checker.read_surroundings(place.repository)
    codes = {"ada": 0, "ben": 0, "cleo": 0, "dan": 1, "eve": -9}
    forged = Call("ada-1", ["update", "--next", "x"], {"result": {"id": "task_x"}})
    broken = {
        verdict.promise: verdict.found
        for verdict in judge(place, surroundings | {"HEAD": "elsewhere"}, [forged], codes)
        if verdict.found
    }
    assert broken.keys() == {"nothing lost", "hands off", "all done"}
    assert broken["nothing lost"][0] == (
        "task_updated of task_x by ada-1 (x) was acknowledged 1 times and is 0 times in the log."
    )
    assert broken["all done"] == ["dan ended with 1."]


def test_a_folder_that_somebody_else_filled_is_left_alone(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    done = play(folder, tmp_path)
    assert done.returncode == 2
    assert "was not made by this demonstration" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_a_folder_of_an_earlier_demonstration_is_made_anew(tmp_path):
    folder = tmp_path / "demo"
    stage.make_room(folder)
    (folder / "left").write_text("by the one before")
    stage.make_room(folder)
    assert [path.name for path in folder.iterdir()] == [stage.MARKER]


def test_a_link_to_a_folder_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "demo").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(stage.NotOursError, match="is not a folder"):
        stage.make_room(tmp_path / "demo")


# --- the checker, before planted faults -------------------------------------------------------------------------------

AT = "2026-11-22T16:00:{:02}.000Z"


def operation(seq, op, task, instance, *, at_s, **data):
    return {
        "seq": seq,
        "id": f"op_{seq}",
        "at": AT.format(at_s),
        "op": op,
        "taskId": task,
        "agentInstance": instance,
        "data": data,
    }


def claimed(seq, task, instance, files, *, at_s, term_s=10, mode="exclusive", **data):
    return operation(
        seq, "task_claimed", task, instance, at_s=at_s, files=[files], mode=mode, termMs=term_s * 1000, **data
    )


FIRST = claimed(1, "one", "ada-1", "src/**", at_s=0)
PATHS = ["README.md", "src/a/b.py"]


def owners(*log):
    return list(checker.double_owners(list(log), PATHS))


def test_two_owners_of_a_path_at_one_moment_are_found():
    second = claimed(2, "two", "ben-1", "src/*/b.py", at_s=9)
    assert owners(FIRST, second) == [f"src/a/b.py belonged to ada-1 and to ben-1 at {AT.format(9)}."]


def test_two_owners_of_one_task_are_found():
    assert owners(FIRST, claimed(2, "one", "ben-1", "src/**", at_s=9))


@pytest.mark.parametrize(
    "second",
    [
        claimed(2, "two", "ben-1", "src/**", at_s=10),
        claimed(2, "two", "ada-1", "src/**", at_s=1),
        claimed(2, "two", "ben-1", "README.md", at_s=1),
        claimed(2, "two", "ben-1", "src/**", at_s=1, mode="advisory"),
        claimed(2, "two", "ben-1", "src", at_s=1, takeovers=[{"taskId": "one", "agentInstance": "ada-1"}], reason="r"),
    ],
    ids=["after it ran out", "its own", "elsewhere", "advisory", "taken over"],
)
def test_a_second_lease_that_harms_nobody_is_no_second_owner(second):
    assert owners(FIRST, second) == []


def test_a_lease_counts_until_its_last_renewal_runs_out():
    renewal = operation(2, "leases_renewed", "one", "ada-1", at_s=9) | {
        "renewals": [{"taskId": "one", "termMs": 10_000}]
    }
    assert owners(FIRST, renewal, claimed(3, "two", "ben-1", "src/**", at_s=18))
    assert not owners(FIRST, renewal, claimed(3, "two", "ben-1", "src/**", at_s=19))


def test_a_lease_ends_with_its_release_and_with_the_task():
    for ended in (
        operation(2, "task_released", "one", "ada-1", at_s=1, status="open"),
        operation(2, "task_updated", "one", "ada-1", at_s=1, status="done"),
    ):
        assert not owners(FIRST, ended, claimed(3, "two", "ben-1", "src/**", at_s=2))


CLAIM = Call("ada-1", ["claim", "--task", "one"], {"result": {"task": {"id": "one"}}})


@pytest.mark.parametrize(
    ("log", "calls", "complaint"),
    [
        ([], [CLAIM], "acknowledged 1 times and is 0 times in the log"),
        ([FIRST], [CLAIM, CLAIM], "acknowledged 2 times and is 1 times in the log"),
        ([FIRST, FIRST], [CLAIM], "more often than it was acknowledged"),
        ([FIRST], [], "more often than it was acknowledged"),
    ],
    ids=["lost", "one of two lost", "doubled", "never answered"],
)
def test_a_lost_or_doubled_operation_is_found(log, calls, complaint):
    (found,) = checker.lost_or_doubled(log, calls, set())
    assert complaint in found
    assert not list(checker.lost_or_doubled([FIRST], [CLAIM], set()))


def test_who_was_killed_may_have_missed_one_answer_and_not_two():
    assert not list(checker.lost_or_doubled([FIRST], [], {"ada-1"}))
    assert list(checker.lost_or_doubled([FIRST, FIRST], [], {"ada-1"}))


def test_only_what_was_answered_with_success_and_written_counts_as_acknowledged():
    refused = Call("ada-1", ["claim", "--task", "one"], {"error": {}})
    idle = Call("ada-1", ["heartbeat"], {"result": {"written": False}})
    assert [checker.acknowledged(call) for call in (refused, idle)] == [None, None]
    beat = Call("ada-1", ["heartbeat"], {"result": {"written": True, "task": {"id": "one"}}})
    assert checker.acknowledged(beat) == ("ada-1", "leases_renewed", "one", "")


def test_a_line_that_is_not_one_line_is_found():
    later = claimed(2, "two", "ben-1", "docs", at_s=5)
    assert not list(checker.broken_line([FIRST, later]))
    assert len(list(checker.broken_line([FIRST, later | {"seq": 3}]))) == 1
    assert len(list(checker.broken_line([FIRST, later | {"id": "op_1"}]))) == 1
    assert len(list(checker.broken_line([FIRST | {"at": AT.format(6)}, later]))) == 1


CONFLICT = {"taskId": "one", "agentInstance": "ada-1", "expiresAt": AT.format(10)}
ERROR = {"kind": "refused", "message": "It is held.", "hint": "Wait.", "details": {"conflicts": [CONFLICT]}}


@pytest.mark.parametrize(
    "lie",
    [{"hint": None}, {"message": "no"}, {"kind": "bug"}, {"details": {"conflicts": [CONFLICT | {"taskId": "two"}]}}],
    ids=["no help", "no sentence", "no refusal", "nobody's lease"],
)
def test_a_refusal_that_explains_nothing_is_found(lie):
    def found(error):
        return list(checker.unexplained([FIRST], [Call("ben-1", ["claim"], {"error": error})]))

    assert found(ERROR) == []
    assert len(found(ERROR | lie)) == 1


def test_a_file_handed_in_without_holding_it_is_found():
    good = HandedIn("c0ffee", "ada-1", "one", ["src/a.py"])
    assert not list(checker.not_held([FIRST], [good]))
    for bad in (good._replace(paths=["README.md"]), good._replace(instance="ben-1"), good._replace(task="two")):
        assert len(list(checker.not_held([FIRST], [bad]))) == 1


def test_a_task_that_nobody_finished_is_found():
    created = operation(1, "task_created", "one", "ada-1", at_s=0)
    done = operation(2, "task_released", "one", "ada-1", at_s=1, status="done")
    assert list(checker.unfinished([created])) == ["one was left undone."]
    remark = operation(3, "task_updated", "one", "ada-1", at_s=2, next="rest")
    assert not list(checker.unfinished([created, done, remark]))


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("HEAD", ["switch", "--quiet", "--create", "other"]),
        ("the configuration", ["config", "user.name", "Somebody"]),
        ("the branches and tags", ["tag", "v1"]),
        ("the index", ["rm", "--quiet", "--cached", "README.md"]),
    ],
)
def test_meddling_with_what_is_the_users_is_found(repository, git, what, change):
    before = checker.read_surroundings(repository)
    git(repository, "branch", "demo/ada")
    assert list(checker.meddled(before, checker.read_surroundings(repository))) == []
    git(repository, *change)
    assert any(
        found.startswith(f"{what} changed") for found in checker.meddled(before, checker.read_surroundings(repository))
    )


def test_a_changed_file_and_a_new_hook_of_the_user_are_found(repository):
    before = checker.read_surroundings(repository)
    (repository / "README.md").write_text("changed")
    (repository / ".git" / "hooks").mkdir(exist_ok=True)
    (repository / ".git" / "hooks" / "pre-commit").write_text("")
    found = list(checker.meddled(before, checker.read_surroundings(repository)))
    assert [text.split(" changed")[0] for text in found] == ["the hooks", "the work tree"]


def test_a_commits_trailers_and_paths_are_read(repository, git):
    (repository / "a b.py").write_text("")
    git(repository, "switch", "--quiet", "--create", "demo/ada")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "work", "--trailer=Agent-Instance: ada-1", "--trailer=Agent-Task: one")
    head = git(repository, "rev-parse", "HEAD")
    assert checker.read_branch(repository, "main", "demo/ada") == [HandedIn(head, "ada-1", "one", ["a b.py"])]


def test_records_are_read_as_calls(tmp_path):
    facts = [{"say": "hello"}, {"say": "", "call": {"words": ["status"], "code": 0, "answer": {"result": {}}}}]
    record = tmp_path / "ada.jsonl"
    record.write_text("".join(json.dumps(fact) + "\n" for fact in facts))
    assert checker.read_calls(record, "ada-1") == [Call("ada-1", ["status"], {"result": {}})]
