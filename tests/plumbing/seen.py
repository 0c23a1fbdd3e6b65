"""How the tests of changes look at a work tree."""

from pathlib import Path

import pytest

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.plumbing.changes import changes_in


def seen(folder):
    """The changes as `path kind`, with a slash behind what is a directory."""
    return [f"{change.path}{'/' if change.directory else ''} {change.kind}" for change in changes_in(Path(folder))]


def failure(folder):
    with pytest.raises(CoordinautError) as caught:
        changes_in(Path(folder))
    assert caught.value.kind is Kind.ENVIRONMENT
    return caught.value
