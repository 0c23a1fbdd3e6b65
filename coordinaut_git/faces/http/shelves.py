"""Which shelf a server uses.

Rule 1: a database's driver is imported where it is used only.
"""

from coordinaut_git.faces.http.settings import Settings
from coordinaut_git.faces.http.shelf import Shelf


def open_shelf(settings: Settings) -> Shelf:
    """SQLite files in the data folder; raises environment errors where they cannot be."""
    from coordinaut_git.faces.http.shelf_sqlite import SqliteShelf

    return SqliteShelf(settings.data_dir)
