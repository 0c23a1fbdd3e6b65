"""Run the benchmarks and print the table: `make bench`, or `make bench ARGS=--quick`.

Exit code 1 if a figure misses its bound and `--check` was given.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import commands, crowd, growth, hooks, operations, stores, sync, tools, writers
from benchmarks.measure import Row

Benchmark = Callable[..., Iterator[Row]]

BENCHMARKS: tuple[Benchmark, ...] = (
    commands.start_up,
    tools.served,
    hooks.commits,
    operations.rates,
    operations.conflicts,
    writers.contention,
    stores.latencies,
    stores.races,
    stores.server_memory,
    stores.moving,
    growth.history,
    sync.team,
    crowd.crowds,
)


def main(words: list[str]) -> int:
    """Measure everything, printing each row as it comes."""
    quick = "--quick" in words
    missed = 0
    with tempfile.TemporaryDirectory(prefix="coordinaut-bench-", dir=_scratch(words)) as folder:
        print(f"{'':6} {'figure':>10}  {'bound':<9} what", flush=True)
        for benchmark in _wanted(words):
            started = time.monotonic()
            scratch = Path(folder, benchmark.__name__)
            scratch.mkdir()
            for row in benchmark(scratch, quick=quick):
                missed += not row.holds
                figure = f"{row.figure:,.2f}{row.unit}"
                print(
                    f"{'ok' if row.holds else 'MISSED':6} {figure:>10}  {row.bound:<9} {row.name} ({row.detail})",
                    flush=True,
                )
            print(
                f"{'':6} {'':>10}  {'':<9} … {benchmark.__name__} took {time.monotonic() - started:.0f} s", flush=True
            )
    return 1 if missed and "--check" in words else 0


def _wanted(words: list[str]) -> list[Benchmark]:
    """Those that are named with `--only NAME,…`, else all."""
    names = words[words.index("--only") + 1].split(",") if "--only" in words else []
    return [one for one in BENCHMARKS if not names or f"{one.__module__.rpartition('.')[2]}" in names]


def _scratch(words: list[str]) -> str | None:
    """The folder named with `--in FOLDER`: the disk to measure."""
    return words[words.index("--in") + 1] if "--in" in words else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
