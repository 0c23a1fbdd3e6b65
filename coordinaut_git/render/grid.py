"""Tables for a terminal.

Rule 1: a table never gets wider than the page. Columns that may give way are cut or wrapped; where even that leaves
nothing readable, each row becomes a small block of lines.
Rule 2: cells hold text that is already safe to show.

Rich draws and measures (East-Asian characters are two cells wide); it is imported when the first table is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coordinaut_git.render.look import Look

if TYPE_CHECKING:
    from rich.table import Table

GAP = 2
CAP = 24
LEAST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; in a block of lines, one without a title stands beside the first.

    `gives` is "" (never wider than `CAP`), or "cut" or "wrap" for one that takes what room is left.
    """

    title: str
    gives: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and the name of its style (see `Look.paint`)."""

    text: str
    style: str = ""


Row = Sequence[Cell]


def grid(columns: Sequence[Column], rows: Sequence[Row], look: Look) -> str:
    """The rows under their titles, or as blocks where the page is too narrow; columns without any text are left out."""
    used = [place for place in range(len(columns)) if any(row[place].text for row in rows)]
    columns = [columns[place] for place in used]
    rows = [[row[place] for place in used] for row in rows]
    widths = _widths(columns, rows, look.width)
    if widths is None:
        return "\n".join(_block(columns, row, look) for row in rows)
    from rich.table import Table

    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    for column, width in zip(columns, widths, strict=True):
        wraps = column.gives == "wrap"
        table.add_column(column.title, width=width, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis")
    return _drawn(table, rows, look.width, look)


def fields(pairs: Sequence[tuple[str, Cell]], look: Look) -> str:
    """Names and values in two columns, indented; pairs without text are left out."""
    pairs = [(name, cell) for name, cell in pairs if cell.text]
    names = max((len(name) for name, _ in pairs), default=0)
    room = look.width - names - 2 * GAP
    if all(_surely_fits(cell.text, room) for _, cell in pairs):
        gap = " " * GAP
        lines = [
            f"{look.paint(name.ljust(names), 'dim')}{gap}{look.paint(cell.text, cell.style)}" for name, cell in pairs
        ]
        return "".join(f"{gap}{line}\n" for line in lines)
    return _wrapped(pairs, look)


def _wrapped(pairs: Sequence[tuple[str, Cell]], look: Look) -> str:
    from rich.table import Table

    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    lines = _drawn(table, [(Cell(name), cell) for name, cell in pairs], look.width - GAP, look).splitlines()
    return "".join(f"{' ' * GAP}{line}\n" for line in lines)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, with … where something is left out."""
    if _surely_fits(text, width):
        return text
    if text.isascii():
        return text[: width - 1].rstrip() + "…"
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _surely_fits(text: str, width: int) -> bool:
    """Told without rich: no character takes more than two cells, and those of ASCII take one."""
    return len(text) * (1 if text.isascii() else 2) <= width


def _widths(columns: Sequence[Column], rows: Sequence[Row], page: int) -> list[int] | None:
    """The width of each column, or None where the page is too narrow for a table."""
    from rich.cells import cell_len

    natural = [
        max(cell_len(column.title), *(cell_len(row[place].text) for row in rows))
        for place, column in enumerate(columns)
    ]
    widths = [size if column.gives else min(size, CAP) for size, column in zip(natural, columns, strict=True)]
    giving = sorted((place for place, column in enumerate(columns) if column.gives), key=lambda place: natural[place])
    room = page - GAP * (len(columns) - 1) - sum(widths[place] for place in range(len(columns)) if place not in giving)
    for others, place in zip(range(len(giving), 0, -1), giving, strict=True):
        share = room // others
        if share < min(LEAST, natural[place]):
            return None
        widths[place] = min(natural[place], share)
        room -= widths[place]
    return widths if room >= 0 else None


def _block(columns: Sequence[Column], row: Row, look: Look) -> str:
    named = [(column.title.lower(), cell) for column, cell in zip(columns, row, strict=True) if column.title]
    (_, head), *rest = named
    beside = "".join(
        f"  {cell.text}" for column, cell in zip(columns, row, strict=True) if not column.title and cell.text
    )
    return look.paint(cut(head.text + beside, look.width), "bold") + "\n" + fields(rest, look)


def _drawn(table: "Table", rows: Sequence[Row], width: int, look: Look) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    for row in rows:
        table.add_row(*(Text(cell.text, style=cell.style) for cell in row))
    page = StringIO()
    console = Console(
        file=page,
        width=max(width, 1),
        color_system="standard" if look.colour else None,
        force_terminal=look.colour,
        no_color=not look.colour,
        legacy_windows=False,
        _environ={},  # what to draw is decided by `look` alone
    )
    console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())
