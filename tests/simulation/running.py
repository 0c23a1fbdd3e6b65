"""Running worlds: from a seed to what is wrong with what came of it."""

from typing import TYPE_CHECKING, Any

import judge

from coordinaut_git import coordinator
from coordinaut_git.sync import loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest
    from team_world import TeamWorld


def no_real_pauses(patch: "pytest.MonkeyPatch") -> None:
    """Let nobody sleep in earnest: time goes by in the simulation."""
    for module in (coordinator, loop):
        patch.setattr(module, "back_off", lambda *_, **__: None)


def outcome(world: "TeamWorld", complaints: "Callable[[Any], Iterable[str]]" = judge.complaints) -> list[str]:
    """What is wrong with a run: broken promises, and whatever the run ended of."""
    try:
        world.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return [f"{type(error).__name__}: {error}"]
    return list(complaints(world))
