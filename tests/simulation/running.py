"""Running worlds: from a seed to what is wrong with what came of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import judge

from coordinaut_git import coordinator
from coordinaut_git.protocol import apply
from coordinaut_git.protocol.state import State

if TYPE_CHECKING:
    import pytest
    from team_world import TeamWorld


def no_real_pauses(patch: "pytest.MonkeyPatch") -> None:
    """Let nobody sleep in earnest: time goes by in the simulation."""
    nothing_read_twice(patch)
    patch.setattr(coordinator, "back_off", lambda *_, **__: None)


def nothing_read_twice(patch: "pytest.MonkeyPatch") -> None:
    """Let the same bytes be the same document, which nobody can change: processes are short, and read much again."""
    real, known = State._read, dict[object, object]()

    def read(state: State, path: str, kind: type) -> object:
        data = state._base.get(path)
        if (kind, data) not in known:
            known[kind, data] = real(state, path, kind)
        return known[kind, data]

    patch.setattr(State, "_read", read)


def operations_counted(patch: "pytest.MonkeyPatch", happened: Counter[str]) -> None:
    """Count what the protocol applies: what is decided, read again, replayed, and checked after a fetch."""

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: object) -> object:
            happened["operations"] += 1
            return real(*given)

        return counted

    for module, name in ((apply, "unlawful"), (coordinator, "carried_out")):
        patch.setattr(module, name, counting(getattr(module, name)))


def outcome(world: "TeamWorld", complaints: Callable[[Any], Iterable[str]] = judge.complaints) -> list[str]:
    """What is wrong with a run: broken promises, and whatever the run ended of."""
    try:
        world.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        return [f"{type(error).__name__}: {error}"]
    return list(complaints(world))
