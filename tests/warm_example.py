"""A program for test_warm.py: prints its words and its number, and waits."""

import os
import sys
import time


def run():
    """Print, and wait."""
    print(*sys.argv[1:], os.getpid(), flush=True)
    time.sleep(600)
