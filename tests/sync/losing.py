"""What is lost or dies on the way between a clone and its hub: connections after so many bytes, and programs of git."""

import shutil
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from socket import SHUT_RDWR, create_server

from hub import script
from listening import Listening

UP, DOWN = "up", "down"
"""From the clone to the hub, and back."""

CALLS = ("read", "write", "openat", "close", "rename", "link", "unlink", "mkdir", "fsync", "ftruncate", "mmap", "wait4")


class Wire(Listening):
    """A git host (git-daemon(1)) whose connections are cut off, or grow slow, after so many bytes.

    `bytes` counts what was passed on each way. With `cut` as `(way, number)` the connection that carries that byte ends
    before it, once. After `slow_after` bytes on the way up one byte a second goes through.
    """

    def __init__(self, folder):
        self._folder, self._lock = folder, threading.Lock()
        self.bytes, self.cut, self.slow_after = {UP: 0, DOWN: 0}, None, None
        listener = create_server(("127.0.0.1", 0))
        self.url = f"git://127.0.0.1:{listener.getsockname()[1]}"
        super().__init__(listener)

    def cut_after(self, way, number):
        """Cut the connection off that carries so many bytes more."""
        self.cut = way, self.bytes[way] + number

    def slow_down(self, after):
        self.slow_after = self.bytes[UP] + after

    def _talk(self, client):
        command = ("git", "daemon", "--inetd", "--export-all", "--enable=receive-pack", f"--base-path={self._folder}")
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        ) as host:
            back = threading.Thread(
                target=self._pump, args=(DOWN, host.stdout.read, client.sendall, client), daemon=True
            )
            back.start()
            self._pump(UP, client.recv, host.stdin.write, client)
            with suppress(OSError):
                host.stdin.close()
            back.join()

    def _pump(self, way, read, write, client):
        with suppress(OSError, ValueError):
            while data := read(65536):
                whole = self._allowed(way, len(data))
                self._pass_on(way, data[:whole], write)
                if whole < len(data):
                    break
        if way == DOWN or self.cut is None:
            with suppress(OSError):
                client.shutdown(SHUT_RDWR)

    def _allowed(self, way, size):
        """How many of so many bytes go through; what is less cuts the connection off."""
        with self._lock:
            before = self.bytes[way]
            self.bytes[way] += size
            if self.cut and self.cut[0] == way and before + size > self.cut[1]:
                number, self.cut = self.cut[1], None
                return max(0, number - before)
        return size

    def _pass_on(self, way, data, write):
        for start in range(0, len(data), step := 1 if self._is_slow() else 65536):
            if step == 1:
                time.sleep(1)
            write(data[start : start + step])

    def _is_slow(self):
        return self.slow_after is not None and self.bytes[UP] > self.slow_after


class Deaths:
    """Kills a program of git at its n-th call of a kind (strace(1), "inject"): the first time it runs, and once.

    `who` is `push` or `fetch`, which the clone runs, or `receive-pack` or `upload-pack` on the side of the hub.
    """

    def __init__(self, folder: Path, who: str, monkeypatch) -> None:
        self.trace, self._once = folder / "trace", folder / "once"
        self._how, real = folder / "how", shutil.which("git")
        traced = f'exec strace -qq -o {self.trace} $(cat {self._how}) {real} "$@"'
        first = f"test -e {self._how} && mkdir {self._once} 2>/dev/null && {traced}"
        programs = folder / "programs"
        for name, words in (("git", '"$@"'), (f"git-{who}", f'{who} "$@"')):
            asked = (
                f'case " $* " in *" {who} "*) {first};; esac' if name == "git" else f"set -- {words}\n{first}\nshift"
            )
            back = f'exec {real} "$@"' if name == "git" else f"exec {real} {words}"
            programs.mkdir(exist_ok=True)
            script(programs / name, f"{asked}\n{back}")
        monkeypatch.setenv("PATH", str(programs), prepend=":")
        self.options = {f"remote.origin.{who.replace('-', '')}": str(programs / f"git-{who}")} if "-pack" in who else {}

    def watch(self) -> None:
        """Note the calls of the next run."""
        self._set(f"-e trace={','.join(CALLS)}")

    def strike(self, call: str, number: int) -> None:
        """Kill the next run at that call."""
        self._set(f"-e trace={call} -e inject={call}:signal=SIGKILL:when={number}")

    def rest(self) -> None:
        self._how.unlink()

    def _set(self, how):
        with suppress(FileNotFoundError):
            self._once.rmdir()
        self._how.write_text(how)


def places(trace: Path) -> list[tuple[str, int]]:
    """Each call that strace saw, as its name and its number among those of that name; those after a begin, if one is."""
    counts, found = dict.fromkeys(CALLS, 0), []
    for line in trace.read_text(errors="replace").splitlines():
        if "/coordinaut-begin" in line:
            found.clear()
        name = line.partition("(")[0]
        if name in counts:
            counts[name] += 1
            found.append((name, counts[name]))
        if "/coordinaut-end" in line:
            break
    return found
