"""The least that each storage could do for one operation, with the same durability: what its figures are held against.

Rule 1: a floor writes as many bytes as an operation does, flushes as often as it must, and checks nothing.
"""

import http.client
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

BODY = b"x" * 600


def sqlite_floor(folder: Path) -> Callable[[], object]:
    """One transaction of one row more and one row changed, flushed, in a file with a log that is written ahead."""
    folder.mkdir(parents=True)
    connection = sqlite3.connect(folder / "floor.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB)")
    connection.execute("CREATE TABLE line (name TEXT PRIMARY KEY, seq INTEGER)")
    connection.execute("INSERT INTO line VALUES ('line', 0)")

    def write() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO entry (body) VALUES (?)", (BODY,))
        connection.execute("UPDATE line SET seq = seq + 1")
        connection.execute("COMMIT")

    return write


def file_floor(folder: Path, like: Path) -> Callable[[], object]:
    """A file of the size of `like`, written beside, flushed, and renamed into its place."""
    folder.mkdir(parents=True)
    file, beside = folder / "floor", folder / "floor.new"

    def write() -> None:
        with beside.open("wb") as stream:
            stream.write(b"x" * like.stat().st_size)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    return write


def http_floor(url: str) -> Callable[[], object]:
    """A round trip to the same server that asks for next to nothing, on a connection that is kept."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)

    def ask() -> None:
        connection.request("GET", "/health")
        connection.getresponse().read()

    return ask


def postgres_floor(url: str) -> Callable[[], object]:
    """One transaction of one row more and one row changed."""
    import psycopg

    connection = psycopg.connect(url)
    connection.execute("CREATE TABLE floor_entry (seq BIGSERIAL PRIMARY KEY, body BYTEA)")
    connection.execute("CREATE TABLE floor_line (name TEXT PRIMARY KEY, seq BIGINT)")
    connection.execute("INSERT INTO floor_line VALUES ('line', 0)")
    connection.commit()

    def write() -> None:
        connection.execute("INSERT INTO floor_entry (body) VALUES (%s)", (BODY,))
        connection.execute("UPDATE floor_line SET seq = seq + 1")
        connection.commit()

    return write
