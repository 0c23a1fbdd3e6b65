"""The verdict: everything that was left behind, put before the checker.

Rule 1: a promise without something that was looked at is not kept: the counts are part of the verdict.
"""

from collections.abc import Iterable, Sized
from typing import Any, NamedTuple

from race import checker
from race.stage import Stage, git
from race.troupe import CAST, DOOMED

KILLED = -9

Json = dict[str, Any]


class Verdict(NamedTuple):
    """One promise: its name, what was looked at, and what is wrong with it (empty: kept)."""

    promise: str
    text: str
    found: list[str]


def judge(stage: Stage, before: Json, lead: list[checker.Call], codes: dict[str, int]) -> list[Verdict]:
    """Look at the log, the records, the branches and the user's things; one verdict for each promise.

    `before` is what was the user's, `lead` the calls made before the race, `codes` how every process ended.
    """
    log = checker.read_log(stage.repository)
    calls = lead + [call for name in CAST for call in checker.read_calls(stage.record(name), f"{name}-1")]
    return [
        _one_owner(stage, log),
        _nothing_lost(log, calls),
        _explained(log, calls),
        _held(stage, log),
        _hands_off(stage, before),
        _all_done(log, codes),
    ]


def _one_owner(stage: Stage, log: list[Json]) -> Verdict:
    paths = git(stage.repository, "ls-files").splitlines()
    text = f"{len(log)} operations, {len(paths)} paths: never two unexpired exclusive owners of one"
    return _verdict("one owner", text, log and paths, checker.double_owners(log, paths))


def _nothing_lost(log: list[Json], calls: list[checker.Call]) -> Verdict:
    answered = [call for call in calls if checker.acknowledged(call)]
    text = f"{len(answered)} acknowledged operations, each in the log exactly once"
    found = [*checker.broken_line(log), *checker.lost_or_doubled(log, calls, {f"{DOOMED}-1"})]
    return _verdict("nothing lost", text, answered, found)


def _explained(log: list[Json], calls: list[checker.Call]) -> Verdict:
    refused = [call for call in calls if "error" in call.answer]
    text = f"{len(refused)} refusals, each in words, each for a lease that the log knows"
    return _verdict("always a why", text, refused, checker.unexplained(log, refused))


def _held(stage: Stage, log: list[Json]) -> Verdict:
    commits = [commit for name in CAST for commit in checker.read_branch(stage.repository, "HEAD", f"demo/{name}")]
    paths = [path for commit in commits for path in commit.paths]
    text = f"{len(commits)} commits of the agents, every file in them held by whoever changed it"
    return _verdict("covered work", text, paths, checker.not_held(log, commits))


def _hands_off(stage: Stage, before: Json) -> Verdict:
    found = checker.meddled(before, checker.read_surroundings(stage.repository))
    return _verdict("hands off", f"as they were: {', '.join(before)}", before, found)


def _all_done(log: list[Json], codes: dict[str, int]) -> Verdict:
    wrong = [f"{name} ended with {code}." for name, code in codes.items() if code != (KILLED if name == DOOMED else 0)]
    takeovers = [operation for operation in log if operation["data"].get("takeovers")]
    text = f"every task, also the one that {DOOMED} left behind: it was taken over, with the reason in the log"
    return _verdict("all done", text, takeovers, [*wrong, *checker.unfinished(log)])


def _verdict(promise: str, text: str, evidence: Sized, found: Iterable[str]) -> Verdict:
    """Without evidence nothing is proven."""
    return Verdict(promise, text, [*([] if evidence else ["There was nothing to look at."]), *found])
