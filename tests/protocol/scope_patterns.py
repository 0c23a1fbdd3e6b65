"""Random patterns over small alphabets, so that every path that matters can be listed.

A failure names its seed; `COORDINAUT_SEED` sets another one, `COORDINAUT_LONG` asks for more.
"""

import os
import random
from dataclasses import dataclass
from functools import cache

from oracles import covered, paths, words

SEED = int(os.environ.get("COORDINAUT_SEED", "20261122"))
LONG = bool(os.environ.get("COORDINAUT_LONG"))


Scope = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """An alphabet with its patterns: the pieces that a component is made of, and the paths to try them on."""

    name: str
    pieces: tuple[str, ...]
    paths: tuple[str, ...]
    fold: bool = False

    def component(self, chance: random.Random) -> str:
        return "".join(chance.choice(self.pieces) for _ in range(chance.choice((1, 1, 1, 2, 2, 3))))

    def pattern(self, chance: random.Random) -> str:
        depth = chance.choice((1, 1, 2, 2, 2, 3))
        parts = [
            chance.choice(("**", "**", "***")) if chance.random() < 0.2 else self.component(chance)
            for _ in range(depth)
        ]
        return "/".join(parts) + chance.choice(("", "", "", "/"))


def _tree(letters: str, top: int, deep: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paths(words(letters, top), 2) + paths(words(letters, deep), 3)))


PLAIN = World(
    name="plain",
    pieces=("a", "b", "a", "b", "*", "*", "?", "**", "[ab]", "[a-b]", "[!a]", "[^b]", "[!b-z]", "[[:alpha:]]", "."),
    paths=_tree("ab.", 3, 1) + tuple(paths(words("ab", 2), 4)[:2000]),
)
ODD = World(
    name="odd",
    pieces=(
        "a",
        "\\*",
        "\\[",
        "[*]",
        "[[]",
        "[]a]",
        "[!]*]",
        "[\\]-a]",
        "[+-\\-]",
        "[a-]",
        "[^[:lower:]]",
        "*",
        "?",
        "-",
        "]",
        "\\-",
    ),
    paths=_tree("a*[]-", 2, 1) + tuple(words("a*[]-", 3)) + tuple(words("+,-", 2)),
)
FOLDED = World(
    name="folded",
    pieces=(
        "a",
        "A",
        "b",
        "B",
        "*",
        "?",
        "[A]",
        "[!a]",
        "[^B]",
        "[A-B]",
        "[!A-Z]",
        "[[:upper:]]",
        "[^[:lower:]]",
        "[Z-a]",
        "_",
    ),
    paths=_tree("aAbB_", 2, 1) + tuple(words("aAbB_", 3)),
    fold=True,
)
DOTTED = World(
    name="dotted",
    pieces=(".", ".", "g", "i", "t", "?", "*", "[g]", "[!g]", "[.]", "[!.]", "[gi]", "[G]", "T", "[it]", "*it"),
    paths=tuple(words(".git", 5)) + tuple(paths(words(".gG", 2), 2)) + (".GIT", ".gIt", ".gxt", ".GiT/a", "a/.git"),
)
LENGTHY = World(
    name="lengthy",
    pieces=("a", "b", "??", "[ab]a", "[!a]b", "???", "*a", "b*", "*", "[^b]?"),
    paths=tuple(words("ab", 8)) + tuple(paths(words("ab", 4), 2)),
)
WORLDS = (PLAIN, ODD, FOLDED, DOTTED, LENGTHY)


def lawful(world: World, count: int, chance: random.Random) -> list[str]:
    """`count` different patterns of `world` that `check_scope` takes."""
    from coordinaut_git.errors import CoordinautError
    from coordinaut_git.protocol.scope import check_scope

    found: dict[str, None] = {}
    while len(found) < count:
        text = world.pattern(chance)
        try:
            check_scope([text])
        except CoordinautError:
            continue
        if text.startswith("./"):
            continue
        found[text] = None
    return list(found)


@cache
def covered_paths(world: World, text: str) -> int:
    """Which of the paths of a world a pattern covers, as bits."""
    return sum(1 << at for at, path in enumerate(world.paths) if covered(text, path, fold=world.fold))


class Listing:
    """A world with some patterns, and which of its paths each of them covers, as bits."""

    def __init__(self, world: World, count: int = 60):
        self.world = world
        self.chance = random.Random(SEED)
        self.patterns = lawful(world, count, self.chance)
        self._bits = {text: covered_paths(world, text) for text in self.patterns}

    def scope(self, *counts: int) -> Scope:
        """Some patterns, as many as one of the `counts`."""
        return tuple(self.chance.sample(self.patterns, self.chance.choice(counts)))

    def held(self, files: Scope, without: Scope = ()) -> int:
        held = 0
        for text in files:
            held |= self._bits[text]
        for text in without:
            held &= ~self._bits[text]
        return held

    def judge(self, path: str, files: Scope, without: Scope = ()) -> bool:
        def some(texts: Scope) -> bool:
            return any(covered(text, path, fold=self.world.fold) for text in texts)

        return some(files) and not some(without)

    def listed(self, bits: int) -> list[str]:
        return [path for at, path in enumerate(self.world.paths) if bits >> at & 1]
