"""What people see: short text of a fixed width, colours on a terminal only, help in words."""

import os
import pty
import re
import subprocess
import time

import pytest
from commands import PROGRAM, program

ANN = ("--agent", "painter", "--agent-instance", "agent_7")
NOON = f"NOON{time.gmtime().tm_hour - 12:+d}"  # a zone, as POSIX has them, where no lease of half an hour ends tomorrow
WIDE = {"COLUMNS": "100", "TZ": NOON}
CHANGING = [
    (re.compile(r"AGT-\d{8}"), "AGT-yyyymmdd"),
    (re.compile(r"(\d+ \w{3} )?\b\d\d:\d\d(:\d\d)?"), "hh:mm"),
    (re.compile(r"in \d+ (s|min)"), "in N min"),
]


def plain(text: str) -> str:
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text


def terminal(words, *, cwd, environ=None) -> str:
    """What the whole program prints on a terminal."""
    ours, theirs = pty.openpty()
    merged = {**os.environ, **WIDE, "TERM": "xterm", **(environ or {})}
    merged = {name: value for name, value in merged.items() if value is not None}
    process = subprocess.Popen([*PROGRAM, *words], cwd=cwd, env=merged, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # EIO: the other end is closed
        pass
    process.wait(300)
    os.close(ours)
    return shown.decode()


def test_what_commands_say_to_people(cli, project, make_task, tmp_path):
    cli(project, "claim", "--task", "AGT-9", *ANN)  # from now on the worktree knows who works in it

    def said(*words):
        answer = cli(project, *words, environ=WIDE)
        assert (answer.code, answer.err) == (0, ""), answer
        return plain(answer.out)

    assert said("status") == 'No open tasks. Make one with `coordinaut create --title "…"`.\n'
    assert said("create", "--title", "Fix the settings", "--files", "src/**") == (
        "Created AGT-yyyymmdd-001  Fix the settings\n"
        "  status  open\n"
        "  files   src/**\n"
        "Take it with `coordinaut claim --task AGT-yyyymmdd-001`.\n"
    )
    assert said("claim", "--task", "AGT-2", *ANN) == (
        "AGT-yyyymmdd-001 is yours until hh:mm (in N min): Fix the settings\n"
        "Exclusive over src/**; held by agent_7, fence 2.\n"
    )
    assert said("status") == (
        "Task              Title             Status   Held by  Ends\n"
        "AGT-yyyymmdd-001  Fix the settings  claimed  agent_7  in N min\n"
        "\n"
        "Leases\n"
        "Task              Held by  Until              Files\n"
        "AGT-yyyymmdd-001  agent_7  hh:mm (in N min)  src/**\n"
        "\n"
        "1 claimed · 1 lease\n"
    )
    assert said("heartbeat", *ANN) == "AGT-yyyymmdd-001 runs until hh:mm (in N min).\n"
    assert said("conflicts", "--files", "docs/") == "No conflicts: nobody else holds these files.\n"
    assert said("verify-worktree", *ANN[2:]) == "Nothing has changed, so there is nothing to cover.\n"
    assert said("update", "--task", "AGT-2", "--status", "fixing", "--check", "unit=passed", *ANN) == (
        "AGT-yyyymmdd-001  Fix the settings\n"
        "  status   fixing\n"
        "  files    src/**\n"
        "  checks   unit passed\n"
        "  held by  agent_7\n"
        "  until    hh:mm (in N min)\n"
    )
    assert said("watch", "--limit", "1") == "hh:mm  agent_7  update AGT-yyyymmdd-001 to fixing; unit passed\n"
    assert said("release", "--task", "AGT-2", *ANN) == (
        "Released AGT-yyyymmdd-001: its files are free, and the task is open.\n"
    )
    assert said("snapshot", "--output", tmp_path / "b.md") == f"Wrote the board to {tmp_path}/b.md.\n"
    healthy = said("doctor")
    assert re.search(r"^(\d+) checks: \1 ok\.\n\Z", healthy, re.MULTILINE)
    assert f"  root   {project}\n" in healthy


def test_an_error_is_one_sentence_and_a_hint(cli, project):
    answer = cli(project, "update", "--task", "AGT-9", "--next", "x", *ANN)
    assert answer.code == 3
    assert answer.out == ""
    assert answer.err == "error: There is no task AGT-9.\nhint: List them: coordinaut status --all\n"
    usage = cli(project, "status", "--everything")
    assert (usage.code, usage.out) == (2, "")
    assert usage.err.startswith("error: No such option")
    assert usage.err.endswith("\nhint: See: coordinaut status --help\n")


def test_quiet_says_nothing_but_errors(cli, project):
    for words in (("-q", "status"), ("status", "--quiet")):
        assert cli(project, *words) == cli(project, "status", environ={"COORDINAUT_QUIET": "1"})
        assert (cli(project, *words).out, cli(project, *words).err) == ("", "")
    noticed = cli(project, "claim", "--task", "AGT-1", "--quiet")
    assert (noticed.code, noticed.out) == (3, "")
    assert noticed.err.startswith("error: ")
    assert cli(project, "status", "--quiet", "--json").result["tasks"] == []


def test_a_terminal_shows_colours_and_a_pipe_does_not(project):
    coloured = terminal(["doctor"], cwd=project, environ={"NO_COLOR": None})
    assert "\x1b[32mok" in coloured
    for environ in ({"NO_COLOR": "1"}, {"NO_COLOR": None, "TERM": "dumb"}):
        assert "\x1b" not in terminal(["doctor"], cwd=project, environ=environ)
    piped = program(["doctor"], cwd=project, environ={"NO_COLOR": None, "TERM": "xterm"})
    assert "\x1b" not in piped.out
    assert "ok       git: " in piped.out
    assert "\x1b[31merror:" in terminal(["claim", "--task", "AGT-1"], cwd=project, environ={"NO_COLOR": None})


def test_json_on_a_terminal_is_plain(project):
    assert "\x1b" not in terminal(["doctor", "--json"], cwd=project, environ={"NO_COLOR": None})


@pytest.mark.parametrize("width", [20, 40, 79])
def test_a_narrow_page_is_kept(cli, project, make_task, width):
    from rich.cells import cell_len

    task = make_task(project, "src/a/very/long/path/that/goes/on/**", title="A long title 設定の配置を直す " * 3)
    cli(project, "claim", "--task", task, *ANN)
    for words in (("status",), ("mine", "--agent", "painter"), ("watch",)):
        answer = cli(project, *words, environ={"COLUMNS": str(width)})
        assert answer.code == 0
        assert max(cell_len(line) for line in answer.out.splitlines()) <= width, (words, answer.out)


def test_what_data_holds_never_steers_a_terminal(cli, project):
    hostile = "agent\u202ename"
    task = cli.json(project, "create", "--title", "t", "--files", "x", "--scope", "a\u200bb")["displayId"]
    cli.json(project, "claim", "--task", task, "--agent", hostile, "--agent-instance", "agent_1")
    cli.json(project, "update", "--task", task, "--next", "red \x1b[31m bell \x07", "--agent-instance", "agent_1")
    for words in (("status",), ("watch",), ("mine", "--agent-instance", "agent_1"), ("snapshot", "--output", "-")):
        out = cli(project, *words).out
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\u200b]", out), words
    assert cli.json(project, "status")["tasks"][0]["next"] == "red \x1b[31m bell \x07", "programs get the very text"


OPTIONS = {
    "init": "storage ref remote state-dir remote-url team project policy hooks agents",
    "status": "all",
    "create": "title scope files priority depends-on",
    "claim": "task next agent agent-instance thread tool files mode ttl takeover-reason wait",
    "update": "task status next check blocker clear-blockers title scope files priority depends-on",
    "heartbeat": "task ttl",
    "release": "task reason status",
    "mine": "agent agent-instance thread",
    "conflicts": "files mode exit-code",
    "message": "from-agent from-agent-instance to-agent-instance to-agent broadcast kind task text",
    "inbox": "agent-instance all limit",
    "inbox-read": "agent-instance messages all",
    "presence": "all",
    "handoff request": "task files reason",
    "handoff respond": "id status response",
    "handoff list": "task agent-instance status",
    "verify-worktree": "agent-instance",
    "verify-commit": "agent-instance message-file",
    "verify-commit-range": "range fetch require-trailers allow-missing",
    "snapshot": "output",
    "watch": "limit task follow since",
    "sync": "remote watch",
    "git-identity": "agent agent-instance thread task",
    "git-identity-reset": "agent agent-instance thread task",
    "explain": "task commit path",
    "migrate": "to",
    "install-hooks": "uninstall agents",
    "mcp-config": "user launcher write remove",
    "signers": "file none",
    "doctor": "deep fix",
    "completion": "",
}
"""Every command in the order of the help, with its own options."""


def test_help_names_every_command(cli, tmp_path):
    shown = cli(tmp_path, "--help")
    assert (shown.code, shown.err) == (0, "")
    listed = re.findall(r"^  ([a-z][a-z-]*)  ", shown.out.partition("Commands:")[2], re.MULTILINE)
    assert listed == list(dict.fromkeys(name.partition(" ")[0] for name in OPTIONS))


@pytest.mark.parametrize("command", OPTIONS)
def test_help_of_a_command_names_every_option(cli, tmp_path, command):
    shown = cli(tmp_path, *command.split(), "--help", environ=WIDE)
    assert shown.code == 0
    for option in (*OPTIONS[command].split(), "root", "json", "storage", "quiet"):
        assert re.search(rf"--{option}\b", shown.out), option


def test_the_version_is_told_everywhere(cli, tmp_path):
    from coordinaut_git import __version__

    for words in (["--version"], ["--json", "--version"]):
        assert program(words, cwd=tmp_path).out == f"coordinaut {__version__}\n"


def test_a_command_that_is_not_there_is_a_usage_error(cli, tmp_path):
    assert cli(tmp_path, "clam", "--json").failure == (2, "usage")
    assert cli(tmp_path, "--json").failure == (2, "no_command")
    nothing = cli(tmp_path)
    assert (nothing.code, nothing.err) == (0, "")
    assert nothing.out.startswith("Usage: coordinaut")
