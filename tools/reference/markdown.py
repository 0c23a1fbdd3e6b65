"""The reference as one page of Markdown, docs/cli.md."""

import re
from collections.abc import Iterable, Iterator

from coordinaut_git.errors import EXIT_CODES
from tools.reference.commands import MEANING, Page, Parameter, common_parameters, pages

HEAD = """\
# The command line

<!-- Written by `make docs` from the commands themselves (tools/reference). -->

`coordinaut COMMAND --help` tells the same in a terminal, `man coordinaut` on one page. What an error means and what
to do is in [troubleshooting](troubleshooting.md), what is lawful in [the protocol](protocol.md), what a pattern
means in [scopes](scopes.md).
"""
COMMON = """\
## Every command

These options stand before or after the name of a command:
"""
JSON = """\
With `--json` a command prints exactly one document on standard output, also when it fails (`watch --follow`: one a
line, as things happen):

```json
{"ok": true, "result": {}}
{"ok": false, "error": {"kind": "refused", "code": "scope_conflict", "message": "…", "hint": "…", "details": {}}}
```

Names are in camelCase, instants in RFC 3339 (UTC, with milliseconds). Names may be added; none changes its meaning.

An option that is not typed can come from the environment. The variables stand with each option; `COORDINAUT_JSON`,
`COORDINAUT_QUIET` and other switches are on with `1`. A list may be given by repeating its option, or with commas.
Durations read `90s`, `30m`, `2h`.
"""
EXITS = """\
## Exit codes

| code | kind | when |
| --- | --- | --- |
| 0 | | done |
"""


def page() -> str:
    """The text of the page."""
    found = pages()
    links = ", ".join(f"[`{one.name}`](#{one.name.replace(' ', '-')})" for one in found)
    exits = "".join(f"| {EXIT_CODES[kind]} | `{kind}` | {MEANING[kind]} |\n" for kind in EXIT_CODES)
    parts = [HEAD, f"Commands: {links}.\n", COMMON, _table(common_parameters()), JSON, EXITS + exits]
    return "\n".join([*parts, *(part for one in found for part in _section(one))])


def _section(one: Page) -> Iterator[str]:
    yield f"## {one.name}\n"
    yield from (f"{_marked(sentence)}\n" for sentence in one.sentences)
    yield f"```text\n{one.synopsis}\n```\n"
    if one.parameters:
        yield _table(one.parameters)
    yield "For example:\n"
    yield f"```text\n{one.example}\n```\n"
    yield f"Result in JSON: {one.result}\n"


def _table(parameters: Iterable[Parameter]) -> str:
    rows = [f"| {_code(one.written)} | {_what(one)} | {_variables(one)} |\n" for one in parameters]
    return "| option | what it is | environment |\n| --- | --- | --- |\n" + "".join(rows)


def _what(one: Parameter) -> str:
    return _cell(_marked(one.help)) + (" **Required.**" if one.required and not one.positional else "")


def _variables(one: Parameter) -> str:
    return ", ".join(f"`{name}`" for name in one.variables)


def _code(text: str) -> str:
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _marked(text: str) -> str:
    """Text with its options, patterns and trailing paths as code, and nothing that Markdown would take for its own."""
    return re.sub(r"(?<![\w`])(--[a-z][a-z-]*|[\w./]*\*[\w./*]*|coordinaut\.\*)", r"`\1`", text)
