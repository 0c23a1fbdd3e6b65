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

AWAY_MS = 60_000
STALE_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class CommitNote:
    """The note at `path`; None where nobody will read one."""

    path: Path | None

    def write(self, workspace: Workspace, lines: list[str], *, quiet: bool) -> None:
        """Leave it, and throw away those of commits that never came about."""
        if self.path is None:
            return
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._forget_old(workspace.clock.now())
            if workspace.storage.kind == GIT:
                self.path.write_bytes(_text(workspace, lines, quiet=quiet))

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

    def forget(self) -> None:
        """A new commit begins: what was kept of one before it by a process of the same number counts no more."""
        if self.path is not None:
            with suppress(OSError):
                self._message.unlink(missing_ok=True)
                self._away.unlink(missing_ok=True)

    def note_away(self) -> None:
        """Note that the server could not be asked: the commit's later hooks need not wait for it again."""
        if self.path is not None:
            with suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._away.touch()

    def is_away(self, now_ms: int) -> bool:
        """Whether that was noted a moment ago."""
        if self.path is None:
            return False
        try:
            return now_ms - self._away.stat().st_mtime_ns // 1_000_000 < AWAY_MS
        except OSError:
            return False

    @property
    def _away(self) -> Path:
        assert self.path is not None
        return self.path.with_name(self.path.name + ".away")

    @property
    def _message(self) -> Path:
        assert self.path is not None
        return self.path.with_name(self.path.name + ".message")

    def _forget_old(self, now_ms: int) -> None:
        assert self.path is not None
        for file in self.path.parent.iterdir():
            if now_ms - file.stat().st_mtime_ns // 1_000_000 > STALE_MS:
                file.unlink()


def _text(workspace: Workspace, lines: list[str], *, quiet: bool) -> bytes:
    ref, head = workspace.settings.ref, workspace.coordinator.read().head
    loose = (workspace.place.common_dir / ref).is_file()
    first = f"{ref} {head if loose else '-'}{' quiet' if quiet else ''}"
    return "".join(f"{line}\n" for line in (first, *lines)).encode("utf-8", "surrogateescape")
