"""A store in memory, for tests, simulations and dry runs."""

from coordinaut_git.stores.memory.pool import Pool
from coordinaut_git.stores.memory.store import MemoryStore
from coordinaut_git.stores.memory.tree import DocumentMap

__all__ = ["DocumentMap", "MemoryStore", "Pool"]
