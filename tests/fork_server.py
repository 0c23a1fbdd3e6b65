"""A warm process (warm.py) that forks for every command line it is asked for: real processes without the imports.

Rule 1: each command runs in a child of its own, through the program's own `main`, and ends with its own exit code.
Rule 2: nothing is shared between two commands but what was imported.

One JSON line on standard input asks: the `words` and `cwd` as they are in the file system's encoding, the `environ`
that differs (null takes a variable away), and the files `out` and `err`. The answer is a line with the exit code.
"""

import gc
import json
import os
import sys
import time


def _child(asked):
    for number, name in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
        file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.chdir(asked["cwd"])
    for name, value in asked["environ"].items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    time.tzset()  # the C library reads TZ once
    from coordinaut_git.faces.cli.main import main

    main(asked["words"])


def serve():
    """Run a command for every line, until there are no more."""
    gc.freeze()  # a collection in a child would copy all of it
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                _child(asked)
            finally:
                os._exit(99)  # nothing may come back from `main`
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
