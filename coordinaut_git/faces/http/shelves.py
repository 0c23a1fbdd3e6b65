"""Which shelf a server uses.

Rule 1: a database's driver is imported where it is used only.
"""

from coordinaut_git.faces.http.settings import Settings
from coordinaut_git.faces.http.shelf import Shelf


def open_shelf(settings: Settings) -> Shelf:
    """The database that the settings name, else SQLite files in the data folder; raises where neither can be used."""
    from coordinaut_git.faces.http.shelf_sqlite import SqliteShelf

    files = SqliteShelf(settings.data_dir)  # backups lie there in any case
    if not settings.database_url:
        return files
    from coordinaut_git.faces.http.shelf_postgres import PostgresShelf

    return PostgresShelf(settings.database_url)
