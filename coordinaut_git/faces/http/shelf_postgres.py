"""Lines in one PostgreSQL database, which several servers may share.

Rule 1: the name of a line is `team/project`, and no name of a team or a project has a slash.
"""

from coordinaut_git.documents import Store
from coordinaut_git.errors import environment
from coordinaut_git.faces.http.shelf import Part, Place
from coordinaut_git.stores.sql import open_postgres_store

READ_ONLY = "SELECT current_setting(?)"


class PostgresShelf:
    """A database."""

    storage = "postgres"

    def __init__(self, url: str) -> None:
        self._url = url
        self._own = open_postgres_store(url, "")
        self._own.database.prepare()

    def holds(self, place: Place) -> bool:  # noqa: ARG002 - the interface's name
        """Say that there may be: asking costs as much as opening."""
        return True

    def open(self, place: Place) -> Store:
        """The store of the place's line."""
        more = "" if place.part == Part.STATE else f"/{place.part}"
        return open_postgres_store(self._url, f"{place.team}/{place.project}{more}")

    def check(self) -> None:
        """Ask the database; raises environment `read_only_database` where it takes no writes."""
        if self._own.database.read(READ_ONLY, "transaction_read_only") == [("on",)]:
            raise environment(
                "read_only_database",
                "The PostgreSQL database takes no writes now.",
                hint="Is it a standby? COORDINAUT_SERVER_DATABASE_URL names the one to use.",
            )

    def close(self) -> None:
        """Let go of the connections."""
        self._own.close()
