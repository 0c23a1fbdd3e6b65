"""Signatures by the real programs: ssh-keygen, and gpg with a key of its own."""

import subprocess

import pytest

from coordinaut_git.errors import CoordinautError
from coordinaut_git.plumbing.objects import Commit, commit_bytes
from coordinaut_git.plumbing.signing import is_signed, signer_of, unsigned, write_signed


@pytest.fixture
def commit(repository, git):
    """A commit as the line has them, that is not written yet."""
    return Commit(
        tree=git(repository, "rev-parse", "HEAD^{tree}"),
        parents=(git(repository, "rev-parse", "HEAD"),),
        author="ann-codex",
        email="ann-1@coordinaut",
        at_s=1_763_800_000,
        message='claim ü\n\n{"gpgsig":"no\\nheader"}\n'.encode(),
    )


@pytest.fixture
def ssh_key(repository, git, tmp_path):
    """Makes keys for ssh; gives the public part, and lets git sign with it."""

    def made(name, *, use=True):
        file = tmp_path / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file], check=True)
        if use:
            git(repository, "config", "gpg.format", "ssh")
            git(repository, "config", "user.signingKey", str(file))
        return file.with_suffix(".pub").read_text().strip()

    return made


@pytest.fixture
def pgp_key(repository, git, tmp_path_factory, monkeypatch):
    """The fingerprint of an OpenPGP key with which git signs."""
    home = tmp_path_factory.mktemp("g")  # its socket's path has to be short
    home.chmod(0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    gpg = ["gpg", "--batch", "--quiet"]
    subprocess.run([*gpg, "--passphrase", "", "--quick-gen-key", "Ann <a@x>", "ed25519", "sign", "never"], check=True)
    told = subprocess.run([*gpg, "--list-keys", "--with-colons"], check=True, capture_output=True, text=True).stdout
    fingerprint = next(line.split(":")[9] for line in told.splitlines() if line.startswith("fpr:"))
    git(repository, "config", "gpg.format", "openpgp")
    git(repository, "config", "user.signingKey", fingerprint)
    yield fingerprint
    subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=False)


def written(repository, name):
    return subprocess.run(["git", "-C", repository, "cat-file", "commit", name], check=True, capture_output=True).stdout


def whose(repository, tmp_path, name, *signers):
    return signer_of(name, signers, at=repository, scratch=tmp_path / "signers")


def test_a_signed_commit_is_the_same_but_for_its_signature(repository, commit, ssh_key):
    ssh_key("key")
    data = written(repository, write_signed(commit, at=repository))
    assert is_signed(data)
    assert unsigned(data) == commit_bytes(commit)
    assert not is_signed(commit_bytes(commit)), "what stands in its message is no signature"


def test_a_signature_is_of_the_signer_whose_key_it_was_made_with(repository, commit, ssh_key, tmp_path):
    mine, other = f"ann@example.com {ssh_key('key')}", f"bob@example.com {ssh_key('other', use=False)}"
    name = write_signed(commit, at=repository)
    assert whose(repository, tmp_path, name, other, mine) == "ann@example.com"
    assert whose(repository, tmp_path, name, other) is None
    assert whose(repository, tmp_path, commit.parents[0], mine) is None, "that one has no signature"
    assert not (tmp_path / "signers").exists()


def test_an_openpgp_key_is_named_by_its_fingerprint(repository, commit, pgp_key, tmp_path):
    name = write_signed(commit, at=repository)
    assert unsigned(written(repository, name)) == commit_bytes(commit)
    assert whose(repository, tmp_path, name, f"ann@example.com openpgp {pgp_key}") == "ann@example.com"
    assert whose(repository, tmp_path, name, f"ann@example.com openpgp {'AB' * 20}") is None
    assert whose(repository, tmp_path, name, "ann@example.com ssh-ed25519 AAAA") is None


def test_a_signature_over_other_bytes_is_none(repository, commit, ssh_key, tmp_path, git):
    mine = f"ann@example.com {ssh_key('key')}"
    data = written(repository, write_signed(commit, at=repository)).replace(b"claim", b"steal")
    forged = subprocess.run(
        ["git", "-C", repository, "hash-object", "-w", "-t", "commit", "--stdin"],
        input=data, check=True, capture_output=True,
    ).stdout.decode().strip()  # fmt: skip
    assert is_signed(data)
    assert whose(repository, tmp_path, forged, mine) is None


def test_no_program_of_the_repository_runs_when_a_signature_is_checked(repository, commit, ssh_key, tmp_path, git):
    mine = f"ann@example.com {ssh_key('key')}"
    name = write_signed(commit, at=repository)
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for key in ("gpg.program", "gpg.ssh.program", "gpg.openpgp.program"):
        git(repository, "config", key, str(trap))
    assert whose(repository, tmp_path, name, mine) == "ann@example.com"
    assert not (tmp_path / "sprung").exists()


def test_where_git_cannot_sign_it_says_why(repository, commit, git, tmp_path):
    git(repository, "config", "gpg.format", "ssh")
    git(repository, "config", "user.signingKey", str(tmp_path / "no such key"))
    with pytest.raises(CoordinautError) as caught:
        write_signed(commit, at=repository)
    assert caught.value.code == "cannot_sign"
    assert caught.value.hint
