"""The note that one hook of a commit leaves for the next: what was found out need not be found out again.

Rule 1: a note holds for one process of git, and only while the state's ref stands where it stood;
`hooks/home.sh` sees to that.
Only a git store has such a ref, so in any other each hook looks itself.
Rule 2: a note saves time and nothing else: where it cannot be written, or fits no more, everything still works.

Its first line is the ref, the commit it names (`-` where no file of its own tells), and `quiet` if nothing follows from
the commit; then a trailer a line.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from coordinaut_git.storage import GIT
from coordinaut_git.workspace import Workspace

STALE_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class CommitNote:
    """The note at `path`; None where nobody will read one."""

    path: Path | None

    def write(self, workspace: Workspace, lines: list[str], *, quiet: bool) -> None:
        """Leave it, and throw away those of commits that never came about."""
        if self.path is None or workspace.storage.kind != GIT:
            return
        ref, head = workspace.settings.ref, workspace.coordinator.read().head
        loose = (workspace.place.common_dir / ref).is_file()
        first = f"{ref} {head if loose else '-'}{' quiet' if quiet else ''}"
        text = "".join(f"{line}\n" for line in (first, *lines))
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._forget_old(workspace)
            self.path.write_bytes(text.encode("utf-8", "surrogateescape"))

    def keep_message(self, message: bytes) -> None:
        """Keep what stood in the message before the trailers, for whoever has to tell whether it was edited."""
        if self.path is not None:
            with suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._message.write_bytes(message)

    def message(self) -> bytes | None:
        """What was kept; None if nothing was."""
        if self.path is None:
            return None
        try:
            return self._message.read_bytes()
        except OSError:
            return None

    def forget_message(self) -> None:
        """A new commit begins."""
        if self.path is not None:
            with suppress(OSError):
                self._message.unlink(missing_ok=True)

    @property
    def _message(self) -> Path:
        assert self.path is not None
        return self.path.with_name(self.path.name + ".message")

    def _forget_old(self, workspace: Workspace) -> None:
        assert self.path is not None
        now_ms = workspace.coordinator.moment(workspace.coordinator.read().state).local
        for file in self.path.parent.iterdir():
            if now_ms - file.stat().st_mtime_ns // 1_000_000 > STALE_MS:
                file.unlink()
