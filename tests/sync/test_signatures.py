"""A team that asks for signatures, with clones of a real hub and real keys."""

import subprocess
from contextlib import ExitStack

import pytest
import warm
from teams import STATE, Hub

from coordinaut_git.errors import CoordinautError
from coordinaut_git.operations.doctor import doctor
from coordinaut_git.protocol import requests as ask
from coordinaut_git.protocol.signing_requests import SetSigners
from coordinaut_git.sync.signatures import vouched_for


@pytest.fixture
def hub(tmp_path):
    with ExitStack() as opened:
        yield Hub(tmp_path, opened)


def signing(hub, name):
    """A clone that signs, and the line that names its key."""
    key = hub.folder / f"{name}-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    clone = hub.clone(name, sign="true")
    for setting, value in {"gpg.format": "ssh", "user.signingKey": str(key)}.items():
        hub.git("config", setting, value, at=clone.workspace.root)
    return clone, f"{name}@example.com {key.with_suffix('.pub').read_text().strip()}"


def vouched(clone):
    known = clone.workspace.coordinator.read()
    found = vouched_for(clone.workspace.git_store, known.head, clone.team.confirmed_upto(known))
    return [(one.seq, one.signer) for one in found]


def said(clone):
    try:
        result = doctor(clone.workspace, ask.Doctor(deep=True))
    except CoordinautError as error:
        result = error.details
    return next(check for check in result["checks"] if check["name"] == "signatures")


def test_what_a_signing_clone_publishes_is_signed_and_the_same_line(hub):
    ann, _ = signing(hub, "ann")
    ann.claim("src/**")
    assert (
        b"\ngpgsig "
        in subprocess.run(["git", "cat-file", "commit", STATE], cwd=hub.path, check=True, capture_output=True).stdout
    )
    bob = hub.clone("bob")
    bob.team.sync()
    assert bob.state.contents() == ann.state.contents()
    assert said(bob)["summary"] == "the team asks for no signatures"


def test_each_signature_is_looked_at_with_the_signers_of_its_time(hub):
    (ann, her_key), (bob, his_key) = signing(hub, "ann"), signing(hub, "bob")
    ann.ask(SetSigners(signers=(her_key,)))
    ann.claim("src/**")
    ann.ask(SetSigners(signers=(her_key, his_key)))
    bob.claim("docs/**")
    ann.team.sync()
    found = vouched(ann)
    assert found[:2] == [(3, "ann@example.com"), (4, "ann@example.com")]
    assert {who for _, who in found[2:]} == {"bob@example.com"}
    assert found[-1][0] == 6
    assert said(ann)["status"] == "ok"


def test_nobody_admits_himself(hub):
    (ann, her_key), (eve, own_key) = signing(hub, "ann"), signing(hub, "eve")
    ann.ask(SetSigners(signers=(her_key,)))
    eve.ask(SetSigners(signers=(own_key,)))
    assert vouched(eve) == [(2, None)]
    assert said(eve)["status"] == "failed"


def test_what_was_published_without_a_signature_is_found(hub):
    ann, her_key = signing(hub, "ann")
    ann.ask(SetSigners(signers=(her_key,)))
    bob = hub.clone("bob")
    bob.claim("docs/**")
    assert vouched(bob) == [(3, None)]
    found = said(bob)
    assert (found["status"], "operation 3" in found["summary"]) == ("failed", True)


def test_a_key_that_is_gone_leaves_the_claim_provisional(hub):
    ann, _ = signing(hub, "ann")
    (hub.folder / "ann-key").unlink()
    (hub.folder / "ann-key.pub").unlink()
    ann.claim("src/**")
    assert "could not sign" in ann.workspace.notices[0]
    assert len(ann.provisional) == 2


def test_the_hook_of_the_hub_takes_only_what_a_signer_has_signed(hub):
    (ann, her_key), bob = signing(hub, "ann"), hub.clone("bob")
    subprocess.run([*warm.command(warm.COMMANDS), "-C", hub.path, "install-hooks"], check=True)
    warm.warm_hooks(hub.path)
    ann.ask(SetSigners(signers=(her_key,)))
    ann.claim("src/**")
    bob.claim("docs/**")
    assert any("asks for signatures" in notice for notice in bob.workspace.notices)
    assert len(bob.provisional) == 2
    assert len(hub.line) == 3
    ann.claim("lib/**")
    assert len(hub.line) == 5
