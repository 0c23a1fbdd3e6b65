"""The simulation on demand: `make simulate ARGS="--minutes 60"`, or one seed with all that happened in it.

Rule 1: without a seed, half of them follow from the commit, so that it is tried the same way again; the others are new.
Rule 2: whatever is found is printed with its seed and the command that runs it again; the exit code is 1 then.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent), str(HERE)]

import epoch_judge  # noqa: E402 - the tests' folders come first
import judge  # noqa: E402
import pytest  # noqa: E402
from epoch_seam import seams_known  # noqa: E402
from epoch_world import EpochWorld  # noqa: E402
from running import no_real_pauses, operations_counted, outcome  # noqa: E402
from team_world import TeamWorld  # noqa: E402

AT_A_TIME = 16
LARGEST = 2**31


def main() -> int:
    """Run what was asked for; 1 where something was found."""
    asked = _asked()
    if asked.seed is not None:
        return _one(asked.seed, epochs=asked.epochs)
    run_again = f"make simulate ARGS='{'--epochs ' if asked.epochs else ''}--seed"
    began, found, happened, seeds = time.monotonic(), 0, Counter[str](), 0
    with ProcessPoolExecutor(asked.jobs) as pool:
        for lot in _lots(asked.jobs, asked.first):
            if time.monotonic() - began >= asked.minutes * 60 if asked.minutes else seeds >= asked.seeds:
                break
            for seed, complaints, counted in pool.map(partial(run, epochs=asked.epochs), lot):
                seeds += 1
                happened += counted
                found += bool(complaints)
                for complaint in complaints:
                    print(f"seed {seed}: {complaint}\n  again: {run_again} {seed}'", flush=True)
    _summary(seeds, found, happened, time.monotonic() - began)
    return 1 if found else 0


def _summary(seeds: int, found: int, happened: Counter[str], took_s: float) -> None:
    operations, spent = happened["operations"], os.times()
    per_s = operations / max(took_s, 0.1)
    per_cpu_s = operations / max(spent.children_user + spent.children_system, 0.1)
    done = ", ".join(f"{happened.pop(name):,} {name}" for name in ("commands", "operations", "steps"))
    print(", ".join(f"{name} {count:,}" for name, count in sorted(happened.items())))
    print(f"{seeds:,} worlds in {took_s:.0f} s: {done}; {found} found")
    print(f"operations of the protocol: {per_s:,.0f} a second, {per_cpu_s:,.0f} in a second of one core")


def run(seed: int, *, epochs: bool = False) -> tuple[int, list[str], Counter[str]]:
    """One world: what is wrong with it, and what happened in it."""
    world, complaints = _played(seed, epochs=epochs)
    counted = Counter({"commands": len(world.commands), "steps": world.stage.steps}) + world.happened
    return seed, complaints, counted


def _one(seed: int, *, epochs: bool) -> int:
    world, complaints = _played(seed, epochs=epochs, keep_trace=True)
    print(*world.trace, *complaints, f"seed {seed}: {len(complaints)} complaints", sep="\n")
    return 1 if complaints else 0


def _played(seed: int, *, epochs: bool, keep_trace: bool = False) -> tuple[TeamWorld, list[str]]:
    with pytest.MonkeyPatch.context() as patch:
        no_real_pauses(patch)
        if epochs:
            seams_known(patch)
        world = (EpochWorld if epochs else TeamWorld)(seed, keep_trace=keep_trace)
        operations_counted(patch, world.happened)
        return world, outcome(world, epoch_judge.complaints if epochs else judge.complaints)


def _lots(jobs: int, first: int | None) -> Iterator[list[int]]:
    """Seeds, some at a time: from a first one on, or by turns such as follow from the commit and new ones."""
    if first is not None:
        seeds = iter(range(first, LARGEST))
    else:
        known, new = random.Random(_commit()), random.Random(os.urandom(16))
        seeds = (one.randrange(LARGEST) for _ in iter(int, 1) for one in (known, new))
    while True:
        yield list(islice(seeds, AT_A_TIME * jobs))


def _commit() -> str:
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, help="only this one, with a trace of all that happens in it")
    parser.add_argument("--seeds", type=int, default=256, help="so many (256)")
    parser.add_argument("--minutes", type=float, help="for so long instead")
    parser.add_argument("--first", type=int, help="begin with this seed and count up")
    parser.add_argument("--epochs", action="store_true", help="on lines that begin anew now and then")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="so many processes at a time")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
