r"""The reference as a man page, docs/coordinaut.1: roff with the macros of man(7).

Rule 1: every text passes through `_text`: a backslash is data, a hyphen is one that can be copied, and no line of data
        begins a request.
"""

import re
from collections.abc import Iterable, Iterator
from textwrap import fill

from coordinaut_git.errors import EXIT_CODES
from coordinaut_git.faces.cli.grow import PROGRAM
from tools.reference.commands import MEANING, Page, Parameter, common_parameters, pages

WIDTH = 76
HEAD = r""".\" Written by `make docs` from the commands themselves: tools/reference
.TH COORDINAUT 1 "" "coordinaut-git" "User Commands"
.nh
.ad l
.SH NAME
coordinaut \- coordinate parallel coding agents inside a git repository
.SH SYNOPSIS
.B coordinaut
.RI [ OPTIONS ]
.I COMMAND
.RI [ OPTIONS ]
.SH DESCRIPTION
Several coding agents work in one git repository at the same time, and
.B coordinaut
keeps them from working on the same files: an agent claims a task together
with the files it is about to change, works, verifies, and lets go.
A claim that could ever touch a file of somebody else's claim is refused.
.PP
All state is on one ref of the repository, refs/coordinaut/state, which every
linked worktree shares.
There is no daemon, no server and no state folder.
.SH OPTIONS
These stand before or after the name of a command.
"""
JSON = """\
With \\fB\\-\\-json\\fR a command prints exactly one document on standard
output, also when it fails:
.PP
.RS 4
.EX
{"ok": true, "result": ...}
{"ok": false, "error": {"kind", "code", "message", "hint", "details"}}
.EE
.RE
"""
ENVIRONMENT = r""".SH ENVIRONMENT
Every option can come from the environment, as
.B COORDINAUT_
and its name in capitals; what is typed goes first.
.TP
.B COORDINAUT_INSTANCE
The agent instance that acts and owns, where \fB\-\-agent\-instance\fR is not given.
.TP
.B CLAUDE_CODE_SESSION_ID\fR, \fBCODEX_THREAD_ID\fR, \fBCOPILOT_AGENT_SESSION_ID
The agent's session; its instance, where nothing else names one.
.TP
.B NO_COLOR
No colours.
"""
TAIL = r""".SH SEE ALSO
.BR git (1),
.BR gitignore (5)
"""


def page() -> str:
    """The text of the page."""
    commands = [line for one in pages() for line in _command(one)]
    return "".join(
        [
            HEAD,
            *(line for one in common_parameters() for line in _parameter(one)),
            ".PP\n" + JSON,
            ".SH COMMANDS\n",
            *commands,
            ENVIRONMENT,
            ".SH EXIT STATUS\n.TP\n.B 0\nDone.\n",
            *(f".TP\n.B {EXIT_CODES[kind]}\n{_prose(f'{kind}: {MEANING[kind]}.')}\n" for kind in EXIT_CODES),
            TAIL,
        ]
    )


def _command(one: Page) -> Iterator[str]:
    yield f".SS {_text(one.synopsis.removeprefix(PROGRAM + ' '))}\n"
    for number, sentence in enumerate(one.sentences):
        yield (".PP\n" if number else "") + _prose(sentence) + "\n"
    for parameter in one.parameters:
        yield from _parameter(parameter)
    yield f".PP\nFor example:\n.PP\n.RS 4\n.EX\n{_example(one.example)}\n.EE\n.RE\n"
    yield f".PP\n{_prose(f'Result in JSON: {one.result}')}\n"


def _parameter(one: Parameter) -> Iterable[str]:
    words = one.written.split(" ")
    shown = " ".join(f"\\fB{_text(word)}\\fR" if word.startswith("-") else f"\\fI{_text(word)}\\fR" for word in words)
    required = " Required." if one.required and not one.positional else ""
    yield f".TP\n{shown}\n{_prose(one.help + required)}\n"


def _example(text: str) -> str:
    return "\n".join(_text(line) for line in text.splitlines())


def _prose(text: str) -> str:
    """Text in lines of a length that roff is written in, as roff prints it."""
    return _text(fill(text, WIDTH, break_long_words=False, break_on_hyphens=False))


def _text(text: str) -> str:
    """Text that roff prints as it stands."""
    shown = (
        text.replace("\\", "\\e").replace("`", "\\(ga").replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti")
    )
    lines = shown.replace("^", "\\(ha").replace("…", "...").splitlines()
    return "\n".join(re.sub(r"^(?=[.'])", r"\\&", line) for line in lines)
