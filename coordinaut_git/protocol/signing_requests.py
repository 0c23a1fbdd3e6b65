"""Requests about whose signatures a team asks for."""

from dataclasses import dataclass

from coordinaut_git.protocol.requests import ActingRequest, param


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageSigners(ActingRequest):
    """Show who has to sign what is published, or say who it is from now on."""

    file: str | None = param(
        "Take them from this file, in the form of gpg.ssh.allowedSignersFile.", None, metavar="PATH"
    )
    none: bool = param("Ask for no signatures any more.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSigners(ActingRequest):
    """Ask for the signatures of these, each a line of an allowed signers file; what `signers --file` asks for."""

    signers: tuple[str, ...] = param("The lines.")
