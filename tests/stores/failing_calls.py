"""Runs one step on a JSON store again and again, each time in a fork whose disk fails or which dies at another call.

As a program: `failing_calls.py TEMPLATE FOLDER STEP HOW FLUSH`. TEMPLATE is copied for each run. Every call of `os` that
changes something is counted; at the n-th one happens what HOW says. One JSON line is printed for each run, until a run
gets to its end untouched.
"""

import errno
import itertools
import json
import os
import shutil
import signal
import sys
from pathlib import Path

CALLS = ("open", "write", "fsync", "ftruncate", "replace", "rename", "unlink", "remove", "mkdir", "rmdir")
REAL = {name: getattr(os, name) for name in CALLS}


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_before(call, arguments, options):
    die()


def kill_after(call, arguments, options):
    try:
        call(*arguments, **options)
    finally:
        die()


def kill_half_way(call, arguments, options):
    half(call, arguments)
    die()


def full_disk(call, arguments, options):
    half(call, arguments)
    raise OSError(errno.ENOSPC, "No space left on device")


def failing_disk(call, arguments, options):
    raise OSError(errno.EIO, "Input/output error")


def interrupt_after(call, arguments, options):
    call(*arguments, **options)
    raise KeyboardInterrupt


def half(call, arguments):
    if call is REAL["write"]:
        descriptor, data = arguments
        call(descriptor, bytes(data)[: len(data) // 2])


WAYS = {
    each.__name__: each for each in (kill_before, kill_after, kill_half_way, full_disk, failing_disk, interrupt_after)
}


def arm(how, number, *, for_good):
    """From now on the `number`-th call fails; with `for_good` all that follow as well."""
    counter = itertools.count(1)

    def armed(call):
        def run(*arguments, **options):
            if call is REAL["open"] and not arguments[1] & (os.O_CREAT | os.O_TRUNC):
                return call(*arguments, **options)
            now = next(counter)
            if now == number or (for_good and now > number):
                return how(call, arguments, options)
            return call(*arguments, **options)

        return run

    for name, call in REAL.items():
        setattr(os, name, armed(call))
    return counter


def step_of(name, folder, flush):
    from writing import entry, put

    from coordinaut_git.documents import Step
    from coordinaut_git.stores.json import open_json_store

    store = open_json_store(folder, flush=flush)
    match name:
        case "create":
            return lambda: str(store.create())
        case "commit":
            return lambda: put(store, {"new.json": '{"new":1}\n', "large.json": "x" * 3_000}, wait_s=0).id
        case "extend":
            seq = int(store.head().partition(".")[0])
            steps = [Step(entry=entry(seq + n, {"n.json": str(n)}), changes={"n.json": b"%d" % n}) for n in (1, 2, 3)]
            return lambda: store.extend(store.head(), steps) and steps[-1].entry.id
        case "backup":
            return lambda: store.backup(store.head(), "kept")
    raise ValueError(name)


def run(step, how, number, *, for_good):
    """In a fork: do the step, and tell through a pipe what came of it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        told = {}
        try:
            counter = arm(how, number, for_good=for_good)
            try:
                told["done"] = step()
            except BaseException as error:  # noqa: BLE001 - told like any other outcome
                told["error"] = getattr(error, "code", type(error).__name__)
            told["calls"] = next(counter) - 1
            REAL["write"](writing, json.dumps(told).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as file:  # noqa: PTH123 - a descriptor
        text = file.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"killed": True}


def main():
    template, folder, name, how, flush = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:6]
    for number in itertools.count(1):
        copy = folder / f"{number:03}"
        shutil.copytree(template, copy) if template.exists() else None
        step = step_of(name, copy, flush == "flush")
        told = run(step, WAYS[how.removeprefix("dead_")], number, for_good=how.startswith("dead_"))
        print(json.dumps({"number": number, **told}), flush=True)
        if told.get("calls", number) < number:
            return


if __name__ == "__main__":
    main()
