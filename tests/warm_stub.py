"""A command that asks a warm process to run a program in its place: for whoever starts commands (see warm.py).

Arguments: the socket of the warm process, the module, and its words. It goes as fast as Python starts at all, so it is run
with `-I -S`; its own folder, environment and files are those of the program. Signals go on to it, but for SIGKILL: when
this ends, so does the program.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress

at, module, *words = sys.argv[1:]
asked = {
    "module": module,
    "words": words,
    "cwd": os.getcwd(),  # noqa: PTH109 - importing pathlib takes as long as all the rest
    "environ": dict(os.environ),
}
connection = socket.socket(socket.AF_UNIX)
connection.connect(at)
socket.send_fds(connection, [json.dumps(asked).encode() + b"\n"], [0, 1, 2])
null = os.open(os.devnull, os.O_RDWR)
for file in (0, 1, 2):
    os.dup2(null, file)  # they are the program's alone


def pass_on(number, _):
    with suppress(ProcessLookupError):  # it has just ended, and we are not told yet
        os.kill(child, number)


with connection.makefile() as told:
    child = int(told.readline())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    code = int(told.readline())
if code < 0:  # as the program did
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
