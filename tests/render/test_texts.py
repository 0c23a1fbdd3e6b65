"""The texts for a terminal: exact, never wider than the page, and safe whatever the data holds."""

import subprocess
import sys
from datetime import UTC, timedelta, timezone

import pytest
from attribution_examples import AGENT, HOOKS
from explain_examples import COMMIT, NOW, TOLD
from hypothesis import given, settings
from hypothesis import strategies as st
from project_guard import PROJECT
from render_examples import (
    CASES,
    CONFLICT,
    EVENTS,
    EXPECTED,
    HANDOFF,
    INSTANCE,
    LATE,
    MESSAGE,
    MIGRATED,
    STATUS,
    VIOLATIONS,
    all_texts,
    drawn,
    lease,
    look,
    task,
)
from rich.cells import cell_len
from team_examples import AWAY, LOST, RENUMBERED, SYNCED

from coordinaut_git.protocol.values import Instant
from coordinaut_git.render.board import board
from coordinaut_git.render.findings import render_event, render_verify
from coordinaut_git.render.grid import Cell, Column, cut, fields, grid
from coordinaut_git.render.look import Look
from coordinaut_git.render.outcomes import render_error
from coordinaut_git.render.table import RENDERERS, STREAMED
from coordinaut_git.render.tasks import render_status, render_task

TEXTS = dict(all_texts())
TABLES = ("status", "mine", "update", "conflicts", "presence", "watch")
UNSAFE = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *"\u061c\u200b\u200e\u200f\u2028\u2029\ufeff"}
UNSAFE |= {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
hostile = st.text(st.one_of(st.characters(codec=None), st.sampled_from([*sorted(UNSAFE), "\udcff", "長", "\u0301"])))


def assert_harmless(text):
    assert not UNSAFE - {"\n"} & set(text)
    assert text.encode("utf-8")
    assert text.endswith("\n")


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_the_expected_one(name):
    assert TEXTS[name] == (EXPECTED / name).read_text()


def test_no_expected_text_is_left_over():
    assert {path.name for path in EXPECTED.iterdir()} == set(TEXTS)


def test_every_operation_with_a_text_has_an_example():
    assert {name for name, _ in CASES.values()} == {*RENDERERS, "error"}


@pytest.mark.parametrize("width", [20, 24, 40, 60, 79, 80, 120, 200])
@pytest.mark.parametrize("case", TABLES)
def test_a_table_is_never_wider_than_the_page(case, width):
    for line in drawn(case, look(width)).splitlines():
        if not line.startswith(("1 open", "Created")):  # sentences are left to the terminal
            assert cell_len(line) <= width, line


@pytest.mark.parametrize("width", [40, 80, 200])
def test_titles_and_names_of_any_length_keep_the_columns_in_line(width):
    wide = task(title="長" * 200, lease=lease(agentInstance="i" * 128, files=["p" * 1024] * 3))
    text = render_status({"tasks": [wide, *STATUS["tasks"]], "leases": [wide["lease"]], "counts": {}}, look(width))
    assert max(map(cell_len, text.splitlines())) <= width
    assert "p" * 1024 in "".join(line.strip() for line in text.splitlines()), "patterns are wrapped, never cut"


def test_colours_appear_only_when_asked_for():
    for case in CASES:
        assert "\x1b" not in drawn(case, look())
    for case in ("status", "update", "verify", "doctor", "error", "inbox", "presence"):
        assert "\x1b[" in drawn(case, look(colour=True))


def test_colour_changes_nothing_but_the_colour():
    import re

    for case in CASES:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", drawn(case, look(colour=True)))
        assert [line.rstrip() for line in plain.splitlines()] == drawn(case, look()).splitlines()


def hostile_letters(text):
    """A result of every operation on events, messages, handoffs and presence."""
    _, held, conflict, _ = hostile_pieces(text)
    words = MESSAGE | {name: text for name, value in MESSAGE.items() if isinstance(value, str) and name != "at"}
    words |= {"toAgent": text, "mentions": [text]}
    handoff = HANDOFF | dict.fromkeys(("id", "displayId", "requester", "requesterAgent", "owner", "reason"), text)
    handoff |= {"ownerAgent": text, "files": [text], "response": text}
    return {
        "watch": {"events": [EVENTS[0] | {"agentInstance": text, "summary": text}]},
        "wait": {
            "changed": True,
            "events": [EVENTS[0] | {"agentInstance": text, "summary": text}],
            "conflicts": [conflict],
            "last": text,
        },
        "message": words,
        "inbox": {"messages": [words, words | {"broadcast": True, "read": True}], "unread": 1},
        "inbox-read": {"count": 1},
        "presence": {"instances": [INSTANCE | {"id": text, "name": text, "tool": text, "leases": [held]}]},
        "signers": {"signers": [{"name": text, "key": text}], "changed": False, "signing": False},
        "handoff request": handoff,
        "handoff respond": handoff | {"status": "denied"},
        "handoff list": {"handoffs": [handoff, handoff | {"status": text}]},
    }


def hostile_pieces(text):
    """What results are made of, with this text wherever somebody chose the text: task, lease, conflict, violation."""
    held = lease(agentInstance=text, agent=text, files=[text, text], displayId=text, mode=text)
    held |= {"without": [text], "also": [{"files": [text], "without": [text]}]}
    evil = task(
        title=text, scope=text, next=text, status=text, displayId=text, blockers=[text], lease=held, files=[text]
    )
    evil |= {"dependsOnDisplayIds": [text], "checks": [{"name": text, "status": text}]}
    violation = {"path": text, "reason": text, "holder": text, "commit": text, "hint": text}
    return evil, held, CONFLICT | held | {"example": text}, violation


def hostile_results(text):
    """A result of every operation."""
    evil, held, conflict, violation = hostile_pieces(text)
    check = {"name": text, "status": text, "summary": text, "advice": text}
    return hostile_letters(text) | {
        "status": {
            "tasks": [evil],
            "leases": [held],
            "counts": {"open": 1},
            "team": {"remote": text, "unpublished": 1},
        },
        "sync": SYNCED
        | {"remote": text, "confirmed": False, "refused": [LOST | dict.fromkeys(LOST, text)]}
        | {"renumbered": [dict.fromkeys(RENUMBERED, text)]},
        "mine": {"tasks": [evil]},
        "list": {"tasks": [evil], "total": 2},
        "create": evil,
        "update": evil,
        "claim": {"task": evil, "lease": held | {"confirmed": False}, "remote": text},
        "heartbeat": {"leases": [held]},
        "release": {"task": evil},
        "conflicts": {"conflicts": [conflict]},
        "verify-worktree": {"violations": [violation], "checked": 1, "agentInstance": text},
        "verify-commit": {"violations": [violation], "checked": 1, "agentInstance": text},
        "verify-commit-range": {"violations": [], "commits": 0, "checked": 0, "range": text},
        "doctor": {"checks": [check], "root": text, "store": text, "ref": text},
        "explain": TOLD
        | {"task": evil, "leases": [held], "story": [{"at": NOW, "kind": text, "id": text, "text": text}]}
        | {"commit": COMMIT | {"id": text, "author": text, "subject": text, "trailers": [{"key": text, "value": text}]}}
        | {"paths": [{"path": text, "leases": [held]}]},
        "migrate": MIGRATED | {"backup": text},
        "init": {"storage": text, "location": text, "ref": text, "created": True}
        | {"sync": SYNCED | {"remote": text, "policy": text, "fetched": 1}},
        "snapshot": {"path": text or "x"},
        "install-hooks": HOOKS
        | {"folder": text, "kept": [{"hook": text, "path": text}]}
        | {"agents": [{"agent": text, "title": text, "path": text, "change": text}]},
        "mcp-config": {"title": text, "path": text, "change": "added", "check": text},
        "git-identity": {"identity": dict.fromkeys(AGENT, text), "previous": {"name": text}, "worktree": text},
        "git-identity-reset": {"identity": dict.fromkeys(AGENT, text), "previous": {}, "worktree": text},
    }


@settings(max_examples=60)
@given(hostile, st.sampled_from([20, 40, 80]), st.booleans())
def test_no_text_from_data_reaches_the_terminal_unescaped(text, width, colour):
    cases, (_, _, conflict, violation) = hostile_results(text), hostile_pieces(text)
    assert cases.keys() == RENDERERS.keys()
    error = {"message": text, "hint": text, "details": {"conflicts": [conflict], "violations": [violation]}}
    failed = {"commit": text, "subject": text, "author": text, "agentInstance": text, "tasks": [text]}
    by_commit = error | {"details": {"failed": [failed], "violations": [violation, violation | {"path": None}]}}
    said = [render_error(by_commit, look(width))]
    said += [RENDERERS[name](result, look(width, colour=False)) for name, result in cases.items()]
    said.append(STREAMED["sync"](dict.fromkeys(AWAY, text) | {"reachable": False}, look(width)))
    for one in [*said, render_error(error, look(width))]:
        assert_harmless(one)
    for name, result in cases.items():
        coloured = RENDERERS[name](result, look(width, colour=True))
        for code in ("0", "1", "2", "31", "32", "33", "36"):
            coloured = coloured.replace(f"\x1b[{code}m", "")
        assert_harmless(coloured)


def test_an_empty_answer_says_what_to_do_next():
    for case in ("status-empty", "mine-empty", "inbox-empty", "presence-empty"):
        assert "`coordinaut " in drawn(case, look())


def test_a_summary_too_long_for_the_page_is_cut_to_one_line():
    event = EVENTS[0] | {"summary": "長" * 200}
    line = render_event(event, look(60))
    assert line.endswith("…\n")
    assert cell_len(line.rstrip("\n")) in (59, 60)


def test_a_reason_that_is_not_known_is_shown_as_it_stands():
    found = {"violations": [VIOLATIONS[0] | {"reason": "from_a_newer_version"}]}
    assert "from_a_newer_version" in render_verify(found, look())


def test_a_hint_that_several_violations_share_is_said_once():
    assert render_verify({"violations": VIOLATIONS, "checked": 5}, look()).count("Claim it first.") == 1


def test_violations_of_commits_name_the_commit_shortly():
    found = {"violations": [VIOLATIONS[0] | {"commit": "0123456789abcdef0123"}]}
    assert "0123456789  src/api/users.py" in render_verify(found, look())


def test_a_holder_given_as_a_document_is_named_by_its_instance():
    found = {"violations": [VIOLATIONS[0] | {"holder": {"agentInstance": "codex-9", "agent": "codex"}}]}
    assert "codex-9" in render_verify(found, look())


def test_the_usual_priority_and_mode_are_not_mentioned():
    usual = {"tasks": [task(lease=lease())], "leases": [lease()], "counts": {"open": 1}}
    text = render_status(usual, look())
    assert "P2" not in text
    assert "exclusive" not in text
    assert "exclusive" in render_status(usual | {"leases": [lease(), LATE]}, look())


@pytest.mark.parametrize(("confirmed", "marked"), [(False, True), (True, False), (None, False)])
def test_a_provisional_lease_is_marked_wherever_it_is_listed(confirmed, marked):
    held = lease(confirmed=confirmed)
    for shown in (
        render_status({"tasks": [], "leases": [held], "counts": {}}, look()),
        render_status({"tasks": [task(lease=held)], "leases": [], "counts": {}}, look()),
        RENDERERS["mine"]({"tasks": [task(lease=held)]}, look()),
        RENDERERS["update"](task(lease=held), look()),
        RENDERERS["conflicts"]({"conflicts": [CONFLICT | {"confirmed": confirmed}]}, look()),
        RENDERERS["explain"](TOLD | {"task": task(), "leases": [held]}, look(200)),
        board({"tasks": [], "leases": [held]}, generated_at=NOW),
    ):
        assert ("provisional" in shown) is marked


def test_a_stream_says_when_the_remote_is_away_and_when_it_is_back():
    away = STREAMED["sync"](AWAY, look())
    assert away == "The remote origin cannot be read: Connection refused; looking again now and then.\n"
    assert STREAMED["sync"]({"remote": "origin", "reachable": True}, look()) == "origin answers again.\n"
    assert STREAMED["sync"](SYNCED, look()) == RENDERERS["sync"](SYNCED, look())


def test_update_and_release_take_the_task_by_itself_or_inside():
    for name in ("update", "release", "create"):
        assert RENDERERS[name](task(), look()) == RENDERERS[name]({"task": task(), "lease": None}, look())


def test_a_task_that_needs_wrapping_is_laid_out_like_one_that_does_not():
    short = render_task(task(next="short", scope="s"), look(80)).splitlines()
    long = render_task(task(next="x " * 60, scope="s"), look(80)).splitlines()
    assert short[:3] == long[:3]
    assert long[3].startswith("  next    x x x")


@pytest.mark.parametrize(
    ("instant", "words"),
    [
        ("2026-11-22T16:00:30.000Z", "now"),
        ("2026-11-22T16:00:30.499Z", "now"),
        ("2026-11-22T16:00:30.500Z", "in 1 s"),
        ("2026-11-22T16:00:29.001Z", "now"),
        ("2026-11-22T16:00:31.000Z", "in 1 s"),
        ("2026-11-22T16:01:29.499Z", "in 59 s"),
        ("2026-11-22T16:01:29.999Z", "in 1 min"),
        ("2026-11-22T16:30:29.900Z", "in 30 min"),
        ("2026-11-22T16:30:00.000Z", "in 30 min"),
        ("2026-11-22T16:29:59.000Z", "in 29 min"),
        ("2026-11-22T18:00:29.000Z", "in 120 min"),
        ("2026-11-22T18:00:30.000Z", "in 2 h"),
        ("2026-11-24T15:30:29.000Z", "in 47 h"),
        ("2026-11-24T16:00:29.000Z", "in 48 h"),
        ("2026-11-24T16:00:30.000Z", "in 2 days"),
        ("2026-11-22T15:57:00.000Z", "3 min ago"),
        ("2026-11-22T15:59:31.000Z", "59 s ago"),
        ("1970-01-01T00:00:00.000Z", "20779 days ago"),
        ("9999-12-31T23:59:59.999Z", "in 2912117 days"),
    ],
)
def test_distances_are_told_in_their_most_telling_unit(instant, words):
    assert look().distance(instant) == words


def test_the_clock_shows_the_day_only_when_it_is_another_one():
    page = look()
    assert page.clock("2026-11-22T00:00:00.000Z") == "00:00"
    assert page.clock("2026-11-21T23:59:59.000Z", seconds=True) == "21 Nov 23:59:59"
    assert page.clock("2026-10-22T16:00:00.000Z") == "22 Oct 16:00"
    assert page.clock("2027-01-02T03:04:05.000Z") == "2027-01-02 03:04"


def test_the_clock_hangs_in_the_zone_that_is_given():
    east = Look(width=80, colour=False, now_ms=Instant.parse("2026-11-22T16:00:00Z"), zone=timezone(timedelta(hours=9)))
    assert east.clock("2026-11-22T15:30:00.000Z") == "00:30"
    assert east.clock("2026-11-22T14:30:00.000Z") == "22 Nov 23:30"
    here = Look(width=80, colour=False, now_ms=Instant.parse("2026-11-22T16:00:00Z"))
    utc = Look(width=80, colour=False, now_ms=here.now_ms, zone=UTC)
    assert here.clock("2026-11-22T15:30:00Z") == utc.clock("2026-11-22T15:30:00Z"), "the tests run in UTC"


def test_cutting_counts_cells_and_marks_the_cut():
    assert cut("長い題名", 8) == "長い題名"
    assert cut("長い題名", 7) == "長い題…"
    assert cut("長い題名", 6) == "長い…"
    assert cut("plain", 5) == "plain"
    assert cut("plain!", 5) == "plai…"


def test_a_column_without_text_is_left_out():
    columns = (Column(title="A"), Column(title="B"), Column(title="C", gives="cut"))
    assert grid(columns, [(Cell("a"), Cell(""), Cell("c"))], look()) == "A  C\na  c\n"


def test_room_that_one_giving_column_does_not_need_goes_to_the_other():
    columns = (Column(title="A", gives="cut"), Column(title="B", gives="cut"))
    assert grid(columns, [(Cell("a"), Cell("b" * 37))], look(40)) == f"A  B\na  {'b' * 37}\n"
    assert grid(columns, [(Cell("b" * 37), Cell("a"))], look(40)) == f"{'A':37}  B\n{'b' * 37}  a\n"


def test_columns_that_both_need_room_share_it():
    columns = (Column(title="A", gives="cut"), Column(title="B", gives="cut"))
    assert grid(columns, [(Cell("a" * 99), Cell("b" * 99))], look(40)).splitlines()[1] == f"{'a' * 18}…  {'b' * 18}…"


def test_a_column_that_does_not_give_way_has_a_greatest_width():
    columns = (Column(title="A"), Column(title="B", gives="cut"))
    assert grid(columns, [(Cell("a" * 99), Cell("b" * 99))], look(80)).splitlines()[1] == f"{'a' * 23}…  {'b' * 53}…"


def test_a_field_of_wide_characters_is_wrapped_in_time():
    lines = fields([("ab", Cell("長" * 20))], look(40)).splitlines()
    assert lines == ["  ab  " + "長" * 17, "      " + "長" * 3]


def test_fields_without_text_are_left_out():
    assert fields([("a", Cell("")), ("bc", Cell("1")), ("d", Cell("2"))], look()) == "  bc  1\n  d   2\n"
    assert fields([], look()) == ""


@pytest.mark.parametrize(
    "case", ["claim", "heartbeat", "release", "sync", "create", "status-empty", "mine-empty", "init", "doctor"]
)
def test_a_sentence_does_not_cost_the_import_of_rich(case):
    program = (
        "import sys; from render_examples import CASES, look; from coordinaut_git.render.table import RENDERERS;"
        f"name, result = CASES[{case!r}]; RENDERERS[name](result, look(120));"
        "sys.exit(any(name.partition('.')[0] in ('rich', 'subprocess', 'pydantic', 'asyncio') for name in sys.modules))"
    )
    path = f"{PROJECT}:{PROJECT}/tests/render"
    assert subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": path}).returncode == 0


@given(hostile)
def test_every_line_of_a_message_is_marked_as_quoted(text):
    shown = RENDERERS["inbox"]({"messages": [MESSAGE | {"text": text}], "unread": 1}, look())
    head, _, *quoted, blank, tally = shown.splitlines()
    assert (head[0], blank, tally[:8]) == ("*", "", "1 unread")
    assert all(line.startswith("  >") for line in quoted)
    assert len(quoted) == text.count("\n") + 1


def test_a_message_without_a_sender_is_a_persons():
    nobody = MESSAGE | {"fromAgent": None, "fromAgentInstance": None}
    assert "question from human to" in RENDERERS["inbox"]({"messages": [nobody], "unread": 1}, look())
