"""What a check of commits found: commit by commit, with what helps below.

Rule 1: a commit is one block: who made it for what, then each reason with the paths that it is given for.
Rule 2: long lists are cut, and say by how much; the JSON form has everything.
"""

from collections.abc import Iterable, Sequence

from coordinaut_git.render.grid import Cell, cut, fields
from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import path
from coordinaut_git.render.words import COMMIT_CHARS, REASONS, held_by, listed, number, text

MOST_COMMITS = 40
MOST_PATHS = 8
MOST_HINTS = 8


def render_range(result: Result, look: Look) -> str:  # noqa: ARG001 - every renderer takes a look
    """That all commits pass, and how many of them had to answer for something."""
    commits, checked = result["commits"], result["checked"]
    if not commits:
        return f"No commits in {text(result['range'])}, so there is nothing to check.\n"
    passed = "1 commit passes" if commits == 1 else f"All {commits:,} commits pass"
    if checked == commits:
        return f"{passed}: covered by what their agents held when they were made.\n"
    if checked:
        return (
            f"{passed}: {checked:,} covered by what their agents held then; {commits - checked:,} without an agent.\n"
        )
    return f"{passed}: {'it names' if commits == 1 else 'they name'} no agent, so there was nothing to look up.\n"


def violations_by_commit(details: Result, look: Look) -> str:
    """A block for each commit that does not pass, and each hint once."""
    failed, violations = details["failed"], details["violations"]
    blocks = [
        _block(commit, [one for one in violations if one["commit"] == commit["commit"]], look)
        for commit in failed[:MOST_COMMITS]
    ]
    if len(failed) > MOST_COMMITS:
        blocks.append(f"and {number(len(failed) - MOST_COMMITS, 'more commit')}; --json shows all\n")
    return "\n".join(blocks) + hints(violations, look)


def hints(violations: Iterable[Result], look: Look) -> str:
    """Each hint once, behind a blank line; of many the first few."""
    found = list(dict.fromkeys(text(one["hint"]) for one in violations if one.get("hint")))
    lines = [f"{look.paint('hint:', 'cyan')} {hint}\n" for hint in found[:MOST_HINTS]]
    if len(found) > MOST_HINTS:
        lines.append(f"and {number(len(found) - MOST_HINTS, 'more hint')}; --json shows all\n")
    return "\n" + "".join(lines) if lines else ""


def _block(commit: Result, violations: Sequence[Result], look: Look) -> str:
    name, subject = text(commit["commit"])[:COMMIT_CHARS], text(commit["subject"])
    head = f"{look.paint(name, 'yellow')}  {cut(subject, max(look.width - COMMIT_CHARS - 2, COMMIT_CHARS))}\n"
    tasks = f" for {listed(commit['tasks'])}" if commit["tasks"] else ""
    whose = text(commit["agentInstance"]) or text(commit["author"])
    return head + fields([("made by", Cell(f"{whose}{tasks}")), *_reasons(violations)], look)


def _reasons(violations: Sequence[Result]) -> Iterable[tuple[str, Cell]]:
    """Each reason with its paths, apart for each holder; and those that are about the message."""
    found: dict[tuple[str, str], list[Result]] = {}
    for one in violations:
        held = held_by(one.get("holder"))
        found.setdefault((text(one["reason"]), held), []).append(one)
    for (reason, held), those in found.items():
        said = REASONS.get(reason, reason)
        paths = [path(one["path"]) for one in those if one["path"] is not None]
        if len(paths) < len(those):
            yield "the message", Cell(said, "red")
        if paths:
            yield said, Cell(_paths(paths) + (f" (held by {held})" if held else ""), "red")


def _paths(paths: list[str]) -> str:
    more = f" and {len(paths) - MOST_PATHS:,} more" if len(paths) > MOST_PATHS else ""
    return ", ".join(paths[:MOST_PATHS]) + more
