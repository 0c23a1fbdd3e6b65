"""Whose signatures a team asks for. Rule 121 of docs/protocol.md."""

import pytest
from world import World, actor

from coordinaut_git.errors import CoordinautError, Kind
from coordinaut_git.protocol.signing_requests import SetSigners

ANN, BOB = "ann@example.com ssh-ed25519 AAAAC3Nz", f"bob@example.com openpgp {'AB' * 20}"


def ask(world, *signers):
    return world.coordinator.run(SetSigners(signers=signers), actor("alice")).operation


def test_r121_the_newest_word_on_the_signers_counts():
    world = World()
    assert world.state.signers == ()
    ask(world, ANN)
    ask(world, ANN, BOB)
    assert world.state.signers == (ANN, BOB)
    ask(world)
    assert world.state.signers == ()


def test_r121_to_say_the_same_again_writes_nothing():
    world = World()
    assert ask(world) is None
    ask(world, ANN)
    assert ask(world, ANN) is None
    assert world.state.seq == 1


@pytest.mark.parametrize("line", [
    "", "ann", "# ann ssh-ed25519 AAAA", "ann@example.com openpgp ABCD", "ann@example.com AAAA", "ann ssh-rsa", "a\nb ssh-rsa A",
])  # fmt: skip
def test_r121_a_line_that_names_no_key_is_refused(line):
    world = World()
    with pytest.raises(CoordinautError) as caught:
        ask(world, ANN, line)
    assert caught.value.kind == Kind.INVALID
    assert world.state.seq == 0
