"""The upkeep of a store: what doctor found, and what a migration did.

Rule 1: what is wrong stands last, where a terminal shows it, with what to do right below it.
"""

from coordinaut_git.render.grid import Cell, cut, fields
from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.safe import path
from coordinaut_git.render.words import number, text

_MARKS = {"ok": "green", "warning": "yellow", "failed": "red", "skipped": "dim"}
_ORDER = {"skipped": 0, "ok": 1, "warning": 2, "failed": 3}
_INDENT = 9
_PLACES = (("root", "root"), ("store", "store"), ("location", "state"), ("ref", "ref"))


def render_doctor(result: Result, look: Look) -> str:
    """Where things are, each check with its mark, and the advice where there is some."""
    places = [(shown, Cell(path(str(result[name])))) for name, shown in _PLACES if result.get(name)]
    lines = [fields(places, look), "\n"] if places else []
    checks = sorted(result["checks"], key=lambda check: _ORDER.get(check["status"], 0))
    lines += [_check(check, look) for check in checks]
    lines += [f"{look.paint('mended', 'green')}   {text(done)}\n" for done in result.get("mended") or ()]
    return "".join([*lines, "\n", _tally(result["checks"]), "\n"])


def _check(check: Result, look: Look) -> str:
    """A check in one line, cut to the page where all is well; what is wrong stands whole, with what to do below it."""
    mark = text(check["status"])
    said = f"{text(check['name'])}: {text(check['summary'])}"
    calm = _ORDER.get(mark, 0) < _ORDER["warning"]
    shown = look.paint(cut(said, max(look.width - _INDENT, _INDENT)), "dim") if calm else said
    advice = f"{'':{_INDENT}}{look.paint('→', 'cyan')} {text(check['advice'])}\n" if check.get("advice") else ""
    return f"{look.paint(f'{mark:<{_INDENT - 1}}', _MARKS.get(mark, ''))} {shown}\n{advice}"


def _tally(checks: list[Result]) -> str:
    found = [(mark, sum(check["status"] == mark for check in checks)) for mark in _MARKS]
    return f"{number(len(checks), 'check')}: " + ", ".join(f"{count} {mark}" for mark, count in found if count) + "."


def _moved(result: Result, look: Look) -> str:
    where = f"{text(result['to'])} storage ({path(str(result['location']))})"
    if not result["changed"]:
        return f"Nothing to move: the state is kept by the {where} already.\n"
    counted = number(result["operations"], "operation")
    return (
        f"The state is kept by the {where} from now on: {counted}, compared one by one.\n"
        f"The {text(result['from'])} storage keeps what it has, and takes nothing more.\n"
        f"{look.paint('Backup:', 'dim')} {path(str(result['backup']))}\n"
    )


def render_migrate(result: Result, look: Look) -> str:
    """What was written anew and where the backup is, or that there was nothing to do."""
    if "from" in result:
        return _moved(result, look)
    form, replayed = result["toFormat"], number(result["operations"], "operation")
    if not result["changed"] and result["restored"]:
        lost = number(result["restored"], "object")
        return f"Put {lost} back that had been lost or damaged; the documents are what {replayed} give.\n"
    if not result["changed"]:
        return f"Nothing to migrate: the state is of format {form}, and its documents are what {replayed} give.\n"
    written = number(result["documents"], "document")
    if result["fromFormat"] != form:
        done = f"Migrated from format {result['fromFormat']} to {form}: {written} written anew from {replayed}."
    elif result["corrected"] is None:
        done = f"Wrote {written} anew from {replayed}; some could not be read before."
    else:
        done = f"Wrote {written} anew from {replayed}; {result['corrected']:,} differed from what these give."
    return f"{done}\n{look.paint('Backup:', 'dim')} {path(str(result['backup']))}\n"
