"""The import contracts hold, and each of them catches the fault it is there for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project_guard import PROJECT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

pytestmark = pytest.mark.skipif(not LINT_IMPORTS.exists(), reason="import-linter is not installed here")

FAULTS = {
    "an upward import": ("stores/planted.py", "import coordinaut_git.operations", "run down only"),
    "a module without a floor": ("helpers.py", "", "every module has a floor"),
    "the protocol imports a store": ("protocol/planted.py", "import coordinaut_git.stores", "run down only"),
    "a store imports the protocol": ("stores/planted.py", "import coordinaut_git.protocol", "run down only"),
    "the protocol reads the clock": ("protocol/planted.py", "import time", "touch no clock"),
    "the protocol reads the clock inside a function": (
        "protocol/planted.py",
        "def now():\n    import time\n    return time.time()",
        "touch no clock",
    ),
    "a renderer opens files": ("render/planted.py", "from pathlib import Path", "touch no clock"),
    "the protocol reaches for git": (
        "protocol/planted.py",
        "import coordinaut_git.plumbing",
        "documents and errors only",
    ),
    "a renderer reaches for git": ("render/planted.py", "import coordinaut_git.plumbing", "not stores or git"),
    "a renderer reads a store": ("render/planted.py", "import coordinaut_git.stores", "not stores or git"),
    "the protocol draws": ("protocol/planted.py", "import coordinaut_git.render", "run down only"),
    "plumbing knows the interface above it": (
        "plumbing/planted.py",
        "import coordinaut_git.documents",
        "run down only",
    ),
    "a second door to processes": ("plumbing/planted.py", "import subprocess", "Only plumbing.run"),
    "a second door to git": ("stores/planted.py", "import pygit2", "Only plumbing knows"),
    "a face imports a face": ("faces/planted.py", "import coordinaut_git.faces.cli", "Faces never"),
    "a store imports a store": ("stores/planted.py", "import coordinaut_git.stores.git", "Stores never"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts over the package in `folder`."""
    shutil.copy(PROJECT / "pyproject.toml", folder)
    return subprocess.run([LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, encoding="utf-8", timeout=600)


def broken(report: str) -> list[str]:
    return [line.removesuffix(" BROKEN") for line in report.splitlines() if " BROKEN" in line]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    package = tmp_path / "coordinaut_git"
    shutil.copytree(PROJECT / "coordinaut_git", package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def test_the_package_keeps_its_contracts(copy):
    done = lint(copy.parent)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(copy, fault):
    place, text, contract = FAULTS[fault]
    (copy / place).write_text(f'"""Planted."""\n{text}\n')
    done = lint(copy.parent)
    assert done.returncode == 1
    assert contract in done.stdout + done.stderr
    assert place.endswith("helpers.py") or any(contract in name for name in broken(done.stdout)), done.stdout
