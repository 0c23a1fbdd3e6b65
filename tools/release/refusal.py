"""Why a release is not made."""


class Refused(Exception):
    """A release cannot be made, and nothing was changed; `hint` says what helps."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint
