"""What is published: an sdist, and the wheel that is built from it, checked before anything is recorded.

Rule 1: what is checked is the very files that are published.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

from packaging.metadata import Metadata

from tools.release.conventional import Version
from tools.release.refusal import Refused


def build(root: Path, folder: Path) -> list[Path]:
    """Build both from the checkout into an empty folder; the files."""
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder)], root)
    return sorted(folder.iterdir())


def check(files: list[Path], version: Version) -> None:
    """Raise `Refused` if what was built is not one sdist and one wheel of this version with sound metadata."""
    names = [file.name for file in files]
    if names != [f"coordinaut_git-{version}-py3-none-any.whl", f"coordinaut_git-{version}.tar.gz"]:
        raise Refused(f"The build made {names}.", "Look at [tool.hatch] in pyproject.toml.")
    told = [_metadata(file) for file in files]
    if told[0] != told[1]:
        raise Refused("The sdist and the wheel do not say the same of themselves.", "Build both from one tree.")
    said = Metadata.from_email(told[0], validate=True)  # every field as an index will read it
    if str(said.version) != str(version) or said.description_content_type != "text/markdown" or not said.description:
        raise Refused(f"The metadata speak of {said.version}, or lack the page.", "Look at pyproject.toml.")


def try_out(wheel: Path, smoke: Path, scratch: Path, *, offline: bool) -> None:
    """Install the wheel into a fresh environment and spend the shortest day of two agents with it."""
    fresh = scratch / "installed"
    venv.create(fresh, with_pip=True)
    pip = [str(fresh / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if offline:  # with the dependencies of this environment
        libraries = Path(sysconfig.get_path("purelib", vars={"base": str(fresh)}))
        (libraries / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
        pip += ["--no-index", "--no-deps"]
    _run([*pip, str(wheel)], scratch)
    _run([str(smoke), str(fresh / "bin"), str(scratch / "smoke")], scratch)


def _metadata(file: Path) -> bytes:
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            return wheel.read(name)
    with tarfile.open(file) as sdist:
        member = sdist.extractfile(f"{file.name.removesuffix('.tar.gz')}/PKG-INFO")
        return member.read() if member else b""


def _run(words: list[str], folder: Path) -> None:
    """Run a program; raises `Refused` with what it printed."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        words, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False
    )
    if done.returncode:
        raise Refused(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}", "Nothing was recorded.")
