"""Looks for what other processes have written to the lines that somebody waits for.

Rule 1: one look at a line in a round, however many wait for it; a round takes no more than half of the time.
"""

import time

from anyio import sleep

from coordinaut_git.documents import Head
from coordinaut_git.faces.http.logs import Log
from coordinaut_git.faces.http.problems import Problem
from coordinaut_git.faces.http.projects import Line, Projects
from coordinaut_git.faces.http.shelf import Place

LOOK_S = 1.0


async def look_around(projects: Projects, log: Log) -> None:
    """Wake those whose line has moved on, for ever."""
    seen: dict[Place, Head | None] = {}
    while True:
        began_s, before, seen = time.monotonic(), seen, {}
        for place in projects.news.watched():
            seen[place] = await _head(projects, place, log)
            if place not in before or before[place] != seen[place]:
                projects.news.tell(place)
        await sleep(max(LOOK_S, time.monotonic() - began_s))


async def _head(projects: Projects, place: Place, log: Log) -> Head | None:
    try:
        return await projects.read(place, Line.head)
    except Problem:
        return None
    except Exception as error:  # noqa: BLE001 - one line's trouble, or a bug there, is no reason to look no further
        log.trouble(error, team=place.team, project=place.project)
        return None
