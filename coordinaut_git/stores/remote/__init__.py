"""The line of history on a server, over HTTP.

Imported only where the state lies on one: what is in here brings http.client and TLS along.
"""

from coordinaut_git.stores.remote.store import RemoteStore, open_remote_store

__all__ = ["RemoteStore", "open_remote_store"]
