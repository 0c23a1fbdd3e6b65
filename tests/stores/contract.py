"""What every store promises: written once against `Store`, run over all of them (test_contract.py).

Rule 1: a case uses the methods of `Store` and the back doors of `World`, and nothing else.
Rule 2: no store overrides a case; test_contract.py counts.
"""

import pytest
from contract_extending import ExtendingContract
from contract_faults import FaultContract
from contract_line import LineContract
from contract_model import ModelContract
from contract_sharing import SharingContract


class StoreContract(LineContract, SharingContract, ExtendingContract, ModelContract, FaultContract):
    """The cases. A subclass gives the fixture `world`, whose store has not been created."""

    @pytest.fixture
    def store(self, world):
        """A handle to a store that has been created."""
        store = world.open()
        store.create()
        return store

    @pytest.fixture
    def other(self, world, store):
        """A second handle to the same state."""
        return world.open()
