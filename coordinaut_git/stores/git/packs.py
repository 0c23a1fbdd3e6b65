"""Our own packs."""

from coordinaut_git.stores.git.pack_writer import write_pack

__all__ = ["write_pack"]
