"""`docs/troubleshooting.md` has a row for every error code of the sources, under its kind, and for no other."""

import ast
import re
from collections.abc import Iterator

from house_rules import parsed, sources
from project_guard import PROJECT

PAGE = PROJECT / "docs" / "troubleshooting.md"
HELPERS = {"refused", "invalid", "not_found", "denied", "contended", "environment"}
NOT_MET = {
    "bad_operation_id",  # only a history that another program wrote holds one
    "task_exists",
    "bad_format",
    "bad_message_id",
}


def codes_of_sources() -> set[tuple[str, str]]:
    return {found for file in sources() for found in codes(ast.walk(parsed(file.read_text("utf-8"))))}


def codes(nodes: Iterator[ast.AST]) -> Iterator[tuple[str, str]]:
    """The kind and the code of every error that a source text makes."""
    for node in nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if node.func.id in HELPERS and node.args and isinstance(node.args[0], ast.Constant):
            yield node.func.id, node.args[0].value
        elif node.func.id == "CoordinautError" and isinstance(node.args[1], ast.Constant):
            yield ast.unparse(node.args[0]).removeprefix("Kind.").lower(), node.args[1].value
        elif node.func.id == "Refusal" and isinstance(given["code"], ast.Constant):
            kind = ast.unparse(given["kind"]).removeprefix("Kind.").lower() if "kind" in given else "refused"
            yield kind, given["code"].value


def codes_of_page(text: str) -> set[tuple[str, str]]:
    found, kind = set(), ""
    for line in text.splitlines():
        if line.startswith("## "):
            kind = "".join(re.findall(r"`(\w+)`", line))
        elif kind and (row := re.match(r"\| ((?:`\w+`(?:, )?)+) \|", line)):
            found |= {(kind, code) for code in re.findall(r"`(\w+)`", row[1])}
    return found


def test_every_error_that_a_user_can_meet_is_explained():
    missing = {(kind, code) for kind, code in codes_of_sources() if code not in NOT_MET} - codes_of_page(
        PAGE.read_text()
    )
    assert not missing, f"docs/troubleshooting.md lacks {sorted(missing)}"


def test_no_error_is_explained_that_there_is_not():
    assert not (lost := codes_of_page(PAGE.read_text()) - codes_of_sources()), sorted(lost)


def test_codes_are_found_in_sources_however_they_are_raised():
    text = """
raise invalid("a", "text")
return Refusal(code="b", reason="r")
return Refusal(code="c", reason="r", kind=Kind.NOT_FOUND)
CoordinautError(Kind.BUG, "d", "text")
CoordinautError(self.kind, self.code, self.reason)
other("e")
"""
    assert set(codes(ast.walk(ast.parse(text)))) == {
        ("invalid", "a"),
        ("refused", "b"),
        ("not_found", "c"),
        ("bug", "d"),
    }


def test_codes_are_read_off_the_page_under_their_kind():
    page = "## Refused (exit 1, `refused`)\n| code | x |\n| --- | --- |\n| `a`, `b` | `z` |\n## Bugs (`bug`)\n| `c` | x |\n## Why\n| `d` | x |\n"
    assert codes_of_page(page) == {("refused", "a"), ("refused", "b"), ("bug", "c")}
