"""Operations in real repositories: `project` is one with coordination set up."""

import pytest

from coordinaut_git.workspace import open_workspace


@pytest.fixture
def project(repository):
    workspace = open_workspace(repository, {})
    workspace.store.create()
    workspace.close()
    return repository
