"""What can go wrong, said once.

Rule 1: every failure a user can cause or meet is a `CoordinautError` of one of seven kinds; anything else is a bug.
Rule 2: the kind decides the exit code (and later the HTTP status); the code names the exact case for programs.
Rule 3: the message is one sentence that says what happened, with names and times; the hint is one that helps.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kinds of failure, as they stand in `error.kind` of the JSON form."""

    REFUSED = "refused"
    INVALID = "invalid"
    NOT_FOUND = "not_found"
    DENIED = "denied"
    CONTENDED = "contended"
    ENVIRONMENT = "environment"
    BUG = "bug"


EXIT_CODES: Mapping[Kind, int] = {
    Kind.REFUSED: 1,
    Kind.INVALID: 2,
    Kind.NOT_FOUND: 3,
    Kind.DENIED: 4,
    Kind.CONTENDED: 5,
    Kind.ENVIRONMENT: 6,
    Kind.BUG: 70,
}


class CoordinautError(Exception):
    """A failure that is part of the product.

    `code` is a stable snake_case name of the case, `details` a JSON object for programs.
    """

    def __init__(
        self, kind: Kind, code: str, message: str, *, hint: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.message = message
        self.hint = hint
        self.details: dict[str, Any] = dict(details or {})

    @property
    def exit_code(self) -> int:
        """The process exit code of this failure."""
        return EXIT_CODES[self.kind]

    def as_json(self) -> dict[str, Any]:
        """The `error` object of the JSON form: kind, code, message, hint, details."""
        return {
            "kind": str(self.kind),
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "details": self.details,
        }


def refused(code: str, message: str, *, hint: str | None = None, **details: Any) -> CoordinautError:
    """The rules say no."""
    return CoordinautError(Kind.REFUSED, code, message, hint=hint, details=details)


def invalid(code: str, message: str, *, hint: str | None = None, **details: Any) -> CoordinautError:
    """The request makes no sense."""
    return CoordinautError(Kind.INVALID, code, message, hint=hint, details=details)


def not_found(code: str, message: str, *, hint: str | None = None, **details: Any) -> CoordinautError:
    """What was named does not exist, or is not named clearly enough."""
    return CoordinautError(Kind.NOT_FOUND, code, message, hint=hint, details=details)


def denied(code: str, message: str, *, hint: str | None = None, **details: Any) -> CoordinautError:
    """The token or its role does not allow it."""
    return CoordinautError(Kind.DENIED, code, message, hint=hint, details=details)


def contended(code: str, message: str, *, hint: str | None = None, **details: Any) -> CoordinautError:
    """The race was lost for longer than the bound."""
    return CoordinautError(Kind.CONTENDED, code, message, hint=hint, details=details)


def environment(code: str, message: str, *, hint: str | None = None, **details: Any) -> CoordinautError:
    """The machine, the repository or the stored data does not let us work."""
    return CoordinautError(Kind.ENVIRONMENT, code, message, hint=hint, details=details)
