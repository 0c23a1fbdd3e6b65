"""Signatures on commits, made and checked by the git program.

Rule 1: git signs, with the key and the programs that its user has configured: git-config(1), `gpg.format`,
        `user.signingKey`. Nobody is asked for a passphrase: there is no terminal.
Rule 2: whoever checks believes a list of signers that is handed to git, and the OpenPGP keys that are named in it by
        their fingerprints; of the repository's own settings nothing is believed.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.plumbing.objects import Commit
from coordinaut_git.plumbing.run import Answer, git

WAIT_S = 30.0
OPENPGP = "openpgp"
"""The second word of a line that names an OpenPGP key by its fingerprint."""

_HEADER = re.compile(rb"\ngpgsig(?:-sha256)? [^\n]*(?:\n [^\n]*)*")
_GOOD_SSH = re.compile(rb'^Good "git" signature for (\S+) with ', re.MULTILINE)
_VALID_OPENPGP = re.compile(rb"^\[GNUPG:\] VALIDSIG ([0-9A-F]+) .* ([0-9A-F]+)$", re.MULTILINE)
_NO_PROGRAMS_OF_THEIRS = (
    "-c", "gpg.ssh.program=ssh-keygen", "-c", "gpg.openpgp.program=gpg", "-c", "gpg.program=gpg",
    "-c", "gpg.minTrustLevel=undefined", "-c", "gpg.ssh.revocationFile=",
)  # fmt: skip


def unsigned(data: bytes) -> bytes:
    """The bytes of a commit without the signature in its header."""
    header, gap, message = data.partition(b"\n\n")
    return _HEADER.sub(b"", header) + gap + message


def is_signed(data: bytes) -> bool:
    """Whether the bytes of a commit have a signature in their header, good or not."""
    return unsigned(data) != data


def write_signed(commit: Commit, *, at: Path) -> str:
    """Write a commit, whose tree and parent are there, with its user's signature; gives its id.

    Raises environment `cannot_sign`.
    """
    parents = (word for parent in commit.parents for word in ("-p", parent))
    answer = git(
        "-c", "i18n.commitEncoding=UTF-8", "-c", "core.fsync=all",
        "commit-tree", "--gpg-sign", *parents, "-F", "-", commit.tree,
        at=at,
        stdin=commit.message,
        told=_people(commit),
        wait_s=WAIT_S,
    )  # fmt: skip
    if not answer.ok:
        raise cannot_sign(answer.complaint)
    return answer.out.decode("ascii").strip()


def signer_of(commit: str, signers: Sequence[str], *, at: Path, scratch: Path) -> str | None:
    """Whose good signature a commit has, of these `signers`; None for a bad one, a stranger's, or none.

    `signers` are lines of an allowed signers file (ssh-keygen(1)), or `NAME openpgp FINGERPRINT`. The file for git is
    written beside `scratch`, and taken away again.
    """
    fingerprints = {words[2]: words[0] for line in signers if (words := line.split())[1:2] == [OPENPGP]}
    lines = [line for line in signers if line.split()[1:2] != [OPENPGP]]
    try:
        scratch.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        settings = ("-c", f"gpg.ssh.allowedSignersFile={scratch}", *_NO_PROGRAMS_OF_THEIRS)
        answer = git(*settings, "verify-commit", "--raw", commit, at=at, wait_s=WAIT_S)
    finally:
        scratch.unlink(missing_ok=True)
    return _vouched(answer, fingerprints)


def cannot_sign(why: str) -> CoordinautError:
    """The error where a signature was wanted and git cannot make one."""
    return environment(
        "cannot_sign",
        f"git could not sign what is to be published: {why.rstrip('.')}.",
        hint="Does `git commit --gpg-sign` work here? user.signingKey and gpg.format say how git signs.",
    )


def _vouched(answer: Answer, fingerprints: dict[str, str]) -> str | None:
    if not answer.ok:
        return None
    if good := _GOOD_SSH.search(answer.err):
        return good[1].decode("utf-8", "replace")
    valid = _VALID_OPENPGP.search(answer.err)
    keys = [part.decode() for part in valid.groups()] if valid else []
    return next((fingerprints[key] for key in keys if key in fingerprints), None)


def _people(commit: Commit) -> dict[str, str]:
    at = f"@{commit.at_s} +0000"
    roles = ("AUTHOR", "COMMITTER")
    facts = {"NAME": commit.author, "EMAIL": commit.email, "DATE": at}
    return {f"GIT_{role}_{what}": value for role in roles for what, value in facts.items()}
