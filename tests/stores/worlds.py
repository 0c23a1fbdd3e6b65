"""The stores under contract, each with its back doors: ways to look and to tamper that go around its methods."""

import json
import os
import shutil
import sqlite3
import subprocess
from base64 import b64decode
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from postgres_server import VARIABLE
from writing import listing

from coordinaut_git.stores.json import open_json_store
from coordinaut_git.stores.memory import MemoryStore
from coordinaut_git.stores.sql import open_postgres_store, open_sqlite_store

SERVER_URL, SERVER_DATA = "COORDINAUT_TESTS_SERVER_URL", "COORDINAUT_TESTS_SERVER_DATA"
"""Where the fixture `coordinaut_server` says which server there is."""

REF = "refs/coordinaut/state"


class World:
    """One place where a store keeps its state. Opens handles to it, and goes around them."""

    name = ""
    """Its key in `WORLDS`."""

    processes = True
    """Whether several processes can share the state. The cases for processes are run where it is said so."""

    joining = False
    """Whether its store is `documents.Joining`."""

    fixtures = ()
    """The names of what pytest must have ready for it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.handles = []

    def open(self):
        """A new handle."""
        handle = self.new_handle()
        self.handles.append(handle)
        return handle

    def close(self):
        for handle in self.handles:
            handle.close()

    def new_handle(self):
        raise NotImplementedError

    def raw_log(self):
        """The bodies of all entries, oldest first."""
        raise NotImplementedError

    def raw_documents(self):
        """The documents that are written now: path to content."""
        raise NotImplementedError

    def damage(self):
        """Make the newest point unreadable."""
        raise NotImplementedError


class MemoryWorld(World):
    processes = False
    joining = True

    def __init__(self, folder):
        super().__init__(folder)
        self.store = MemoryStore()

    def new_handle(self):
        return self.store

    def raw_log(self):
        return [entry.body for _, entry in self.store.pool.back(self.store.head())][::-1]

    def raw_documents(self):
        return listing(self.store.pool.point(self.store.head()).documents)

    def damage(self):
        self.store.pool._points.clear()


class GitWorld(World):
    """A plain repository with one commit of the user's."""

    joining = True

    def __init__(self, folder):
        super().__init__(folder)
        self.root = folder / "repository"
        if not self.root.exists():
            self.make()

    def make(self):
        run(self.folder, "init", "--quiet", str(self.root))
        run(self.root, "commit", "--quiet", "--allow-empty", "--message", "first")

    def new_handle(self):
        return git_store(self.root)

    def raw_log(self):
        bodies = run(self.root, "log", "--reverse", "-z", "--format=%b", REF).split(b"\0")
        return [body.removesuffix(b"\n") for body in bodies[1:] if body]

    def raw_documents(self):
        names = run(self.root, "ls-tree", "-r", "-z", "--name-only", REF).split(b"\0")[:-1]
        wanted = [name for name in names if name != b"checkpoint.json"]
        asked = b"".join(b"%s:%s\n" % (REF.encode(), name) for name in wanted)
        told, found = run(self.root, "cat-file", "--batch", input=asked), {}
        for name in wanted:
            head, _, told = told.partition(b"\n")
            size = int(head.split()[-1])
            found[name.decode()], told = told[:size], told[size + 1 :]
        return found

    def damage(self):
        common = Path(run(self.root, "rev-parse", "--path-format=absolute", "--git-common-dir").decode().strip())
        (common / REF).write_text("f" * 40 + "\n")


def git_store(folder):
    """Imported late: the children of the other stores start without libgit2."""
    from coordinaut_git.plumbing.repository import find
    from coordinaut_git.stores.git.store import open_git_store

    return open_git_store(find(folder))


class BareWorld(GitWorld):
    """A bare repository, which has neither commits nor a work tree. Processes share it as they do any repository."""

    processes = False

    def make(self):
        run(self.folder, "init", "--quiet", "--bare", str(self.root))
        run(self.root, "config", "coordinaut.flush", "false")  # the plain world flushes; here that only takes time


class WorktreeWorld(GitWorld):
    """Handles are opened in the main work tree and in a linked one, in turn."""

    def make(self):
        super().make()
        run(self.root, "config", "coordinaut.flush", "false")
        run(self.root, "worktree", "add", "--quiet", str(self.folder / "linked"))

    def new_handle(self):
        where = self.folder / "linked" if len(self.handles) % 2 else self.root
        return git_store(where)


RAW_LOG = "SELECT body FROM coordinaut_entry WHERE line = '{line}' ORDER BY seq"
RAW_DOCUMENTS = """SELECT folder, name, content FROM coordinaut_document
WHERE line = '{line}' AND to_seq = 9223372036854775807 AND content IS NOT NULL"""
DAMAGE = """DELETE FROM coordinaut_entry WHERE line = '{line}'
AND seq = (SELECT max(seq) FROM coordinaut_entry WHERE line = '{line}') RETURNING seq"""


class SqlWorld(World):
    """A line in a database, looked at with the database's own means."""

    line = "state"

    def raw_log(self):
        return [bytes(body) for (body,) in self.ask(RAW_LOG)]

    def raw_documents(self):
        return {"/".join(filter(None, (folder, name))): content for folder, name, content in self.ask(RAW_DOCUMENTS)}

    def damage(self):
        assert len(self.ask(DAMAGE)) == 1

    def ask(self, statement):
        raise NotImplementedError


class SqliteWorld(SqlWorld):
    """A file in a folder that is not there before."""

    @property
    def file(self):
        return self.folder / "state" / "state.sqlite"

    def new_handle(self):
        return open_sqlite_store(self.file)

    def ask(self, statement):
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(statement.format(line=self.line)).fetchall()


class PostgresWorld(SqlWorld):
    """A line of its own on the server of the fixture `postgres`."""

    fixtures = ("postgres",)

    def __init__(self, folder):
        super().__init__(folder)
        self.line = str(folder)
        self.url = os.environ[VARIABLE]

    def new_handle(self):
        return open_postgres_store(self.url, self.line)

    def ask(self, statement):
        import psycopg

        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.format(line=self.line)).fetchall()


class RemoteWorld(SqlWorld):
    """A project of its own on the server of the fixture `coordinaut_server`, which keeps it in a SQLite file."""

    fixtures = ("coordinaut_server",)

    def __init__(self, folder):
        super().__init__(folder)
        self.project = sha256(str(folder).encode()).hexdigest()[:16]
        self.url, self.data = os.environ[SERVER_URL], Path(os.environ[SERVER_DATA])

    def new_handle(self):
        from coordinaut_git.stores.remote import open_remote_store

        return open_remote_store(
            self.url, "red", self.project, token="red-member", cache_folder=self.folder / "cache", environ={}
        )

    def ask(self, statement):
        file = self.data / "teams" / "red" / self.project / "state.sqlite"
        with closing(sqlite3.connect(file)) as connection, connection:
            return connection.execute(statement.format(line=self.line)).fetchall()

    def damage(self):
        super().damage()
        shutil.rmtree(self.folder / "cache")  # which would know the state all the same


class JsonWorld(World):
    """A folder with `state.json` and `events.jsonl`; not flushed, which only takes time (test_json_store.py flushes)."""

    def __init__(self, folder):
        super().__init__(folder)
        self.root = folder / "state"

    def new_handle(self):
        return open_json_store(self.root, flush=False)

    def raw_log(self):
        lines = (self.root / "events.jsonl").read_bytes().split(b"\n")[:-1]
        return [canonical(json.loads(line)["operation"]) for line in lines]

    def raw_documents(self):
        forms = json.loads((self.root / "state.json").read_text())["documents"]
        return {path: raw_document(form) for path, form in forms.items()}

    def damage(self):
        path = self.root / "state.json"
        path.write_text(path.read_text().replace('"seq": ', '"seq": 9', 1))


def raw_document(form):
    """A document as it was given, from what stands in a JSON file."""
    if isinstance(form, str):
        return form.encode()
    return b64decode(form["base64"]) if form.keys() == {"base64"} else canonical(form) + b"\n"


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


WORLDS = {
    "memory": MemoryWorld,
    "git": GitWorld,
    "bare": BareWorld,
    "worktree": WorktreeWorld,
    "json": JsonWorld,
    "sqlite": SqliteWorld,
    "postgres": PostgresWorld,
    "remote": RemoteWorld,
}
"""Every store, in every place where it can lie; a line here runs all cases over it."""

for key, kind in WORLDS.items():
    kind.name = key


def run(folder, *arguments, **options):
    """What git prints."""
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout
