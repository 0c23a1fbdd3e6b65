"""Backups: the whole line at one moment in a file of its own, which needs no database to be read.

Rule 1: a backup is there whole or not at all, and is never replaced.
Rule 2: what it holds can be sent to `PUT state` of a project that is not there yet, and gives the same line.

The file is gzipped JSON in lines: facts first, then one document or operation a line.
"""

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from coordinaut_git.documents import FORMAT, Head, Store
from coordinaut_git.errors import CoordinautError, environment, refused
from coordinaut_git.faces.http.line import every_document, points, seq_of
from coordinaut_git.faces.http.problems import no_backup
from coordinaut_git.faces.http.shelf import Place
from coordinaut_git.faces.http.values import folder_name
from coordinaut_git.plumbing.durable import make_durable
from coordinaut_git.wire import document_form, entry_form

Json = dict[str, Any]
PAGE = 256
PIECE_BYTES = 64 * 1024
SUFFIX = ".json.gz"
FACTS = ("backup", "head", "seq", "at")
COMPRESSION = 6


class Backups:
    """The backups of all projects, below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, place: Place, store: Store, head: Head, name: str, at: str) -> Json:
        """Keep the line up to `head` under a name; gives its facts. The same again changes nothing."""
        facts = {"backup": name, "head": head, "seq": seq_of(store, head), "at": at}
        file = self._file(place, name)
        if file.exists():
            return _same(self.facts(place, name), facts)
        new = file.with_name(f"{file.name}.{os.getpid()}.new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(new, _lines(store, head, facts))
            os.link(new, file)
            make_durable(file.parent)
        except FileExistsError:
            return _same(self.facts(place, name), facts)
        except OSError as error:
            raise _failed(file, error) from error
        finally:
            with suppress(OSError):
                new.unlink()
        return facts

    def list(self, place: Place) -> list[Json]:
        """The facts of a project's backups, newest first; of what cannot be read there are none."""
        found = []
        for file in self._project(place).glob(f"*{SUFFIX}"):
            with suppress(CoordinautError):
                found.append(_facts(file))
        return sorted(found, key=lambda one: (one["at"], one["seq"], one["backup"]), reverse=True)

    def facts(self, place: Place, name: str) -> Json:
        """`{"backup", "head", "seq", "at"}`; raises 404."""
        try:
            return _facts(self._file(place, name))
        except FileNotFoundError:
            raise no_backup(name) from None

    def read(self, place: Place, name: str) -> Iterator[bytes]:
        """The export in pieces; raises 404 and `damaged_backup` before the first."""
        self.facts(place, name)
        return _pieces(self._file(place, name))

    def _project(self, place: Place) -> Path:
        return self._folder / folder_name(place.team) / folder_name(place.project)

    def _file(self, place: Place, name: str) -> Path:
        return self._project(place) / f"{folder_name(name)}{SUFFIX}"


def _facts(file: Path) -> Json:
    """What the first line of a backup says; raises FileNotFoundError, and environment `damaged_backup`."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            first = json.loads(lines.readline().rstrip().removesuffix(",") + "}")
        return {key: first[key] for key in FACTS}
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise _damaged(file) from error


def _lines(store: Store, head: Head, facts: Json) -> Iterator[str]:
    """The export as JSON, a few values a line."""
    snapshot = store.snapshot(head)
    first = {"format": FORMAT, **facts, "documentsSeq": snapshot.seq}
    yield _json(first).removesuffix("}") + ",\n"
    yield '"documents":{\n'
    documents = ((path, document_form(content)) for path, content in every_document(snapshot.documents))
    yield from _separated(f"{_json(path)}:{_json(form)}" for path, form in documents)
    yield '},\n"entries":[\n'
    yield from _separated(_entries(store, head, facts["seq"]))
    yield "]}\n"


def _entries(store: Store, head: Head, last: int) -> Iterator[str]:
    for after in range(0, last, PAGE):
        for point in points(store, head, after=after, limit=PAGE):
            yield _json(entry_form(point.entry))


def _separated(values: Iterator[str]) -> Iterator[str]:
    comma = ""
    for value in values:
        yield f"{comma}{value}\n"
        comma = ","


def _write(file: Path, lines: Iterator[str]) -> None:
    with file.open("wb") as raw, gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as packed:
        for line in lines:
            packed.write(line.encode())
    make_durable(file)


def _pieces(file: Path) -> Iterator[bytes]:
    with gzip.open(file, "rb") as unpacked:
        while piece := unpacked.read(PIECE_BYTES):
            yield piece


def _same(kept: Json, facts: Json) -> Json:
    if kept["head"] != facts["head"]:
        raise refused(
            "backup_exists",
            f"There is a backup {kept['backup']} already, of another point.",
            hint="Give it another label.",
        )
    return kept


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _failed(file: Path, error: OSError) -> CoordinautError:
    return environment(
        "backup_failed",
        f"The backup {file} cannot be written: {error.strerror}.",
        hint="Look at the owner, the rights and the room of the folder.",
    )


def _damaged(file: Path) -> CoordinautError:
    return environment("damaged_backup", f"The backup {file} cannot be read.", hint="Take another one.")
