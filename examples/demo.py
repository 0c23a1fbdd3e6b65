"""Several agents, each a process and a work tree of its own, race in one real repository; then their log is checked.

    make demo                                   (or: python examples/demo.py [--folder PATH])

Rule 1: nothing is played. Every agent runs the real `coordinaut` and the real git, at the same time as the others.
Rule 2: the demonstration judges itself, from outside, and ends with 1 if a promise was broken.
"""

import argparse
import json
import os
import queue
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from race import checker
from race.screen import Screen
from race.stage import PROJECT, NotOursError, Stage, coordinaut, git, set_up, world
from race.troupe import CAST, COMMON, DOOMED, SILENCE_LIMIT_S, WANTED, Part, Troupe
from race.verdict import Verdict, judge

BEFORE_THE_KILL_S = 1.5
NEWEST = 12  # operations of the log that are shown
SAID = 3  # faults of one promise that are told

Json = dict[str, Any]


class Play:
    """The demonstration from its first line to its verdict."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._screen = Screen([*CAST])

    def run(self) -> bool:
        """Play; whether every promise was kept. Raises NotOursError for a folder that is not ours to replace."""
        self._screen.act("The stage")
        self._screen.text(
            f"A clone of this project in {self._shown}, with a linked work tree and a branch for each of "
            f"{', '.join(CAST)}, all on the same state. "
            "The user of the clone has a staged and an unstaged change lying about."
        )
        stage = set_up(self._folder, [*CAST])
        before = checker.read_surroundings(stage.repository)
        lead = Lead(stage)
        codes = self._race(stage, lead.prepare())
        healthy = self._show(stage)
        kept = self._judge(judge(stage, before, lead.calls, codes))
        self._say_goodbye(stage)
        return kept and healthy

    @property
    def _shown(self) -> str:
        """The folder as the reader would type it."""
        here = Path.cwd()
        return str(self._folder.relative_to(here) if self._folder.is_relative_to(here) else self._folder)

    def _race(self, stage: Stage, wanted: str) -> dict[str, int]:
        troupe = Troupe(stage, wanted)
        try:
            self._direct(troupe)
        except queue.Empty:
            self._screen.text(f"Nobody said anything for {SILENCE_LIMIT_S} s; the race is called off.")
        finally:
            codes = troupe.close()
        return codes

    def _direct(self, troupe: Troupe) -> None:
        """Fire the two guns when all are ready, kill the doomed one at work, and tell what everybody does."""
        waiting, running, kill_at_s = set[str](), set(CAST), float("inf")
        for name, fact in troupe.facts():
            if fact is None:
                running.discard(name)
            elif "ready" in fact:
                waiting.add(name)
                if waiting == set(CAST):
                    waiting.clear()
                    self._announce(fact["ready"])
                    troupe.fire_the_gun()
            elif fact["say"]:
                self._screen.said(name, fact["say"], refused=fact.get("refused", False))
                if name == DOOMED and "something long" in fact["say"]:
                    kill_at_s = min(kill_at_s, time.monotonic() + BEFORE_THE_KILL_S)
            if time.monotonic() > kill_at_s and DOOMED in running:
                troupe.kill(DOOMED)
                self._screen.said(DOOMED, "is killed in the middle of its work (kill -9)", refused=True)
                kill_at_s = float("inf")
            if not running:
                return

    def _announce(self, what: str) -> None:
        if what == "create":
            self._screen.start_clock()
            self._screen.act("Everybody writes down a task at the same time")
        else:
            self._screen.act("Everybody wants CHANGELOG.md at the same time, then works off the board")

    def _show(self, stage: Stage) -> bool:
        """Look with the program itself; whether it finds all well."""
        self._screen.act("What is left")
        codes = []
        for words in (["status", "--all"], ["snapshot"], ["doctor", "--deep"]):
            self._screen.typed(f"coordinaut {' '.join(words)}")
            done = subprocess.run(coordinaut(*words), cwd=stage.repository, env=world(), check=False)
            codes.append(done.returncode)
        self._screen.typed(f"git log --oneline -{NEWEST} {checker.REF}")
        self._screen.lines(git(stage.repository, "log", "--oneline", f"-{NEWEST}", checker.REF))
        return not any(codes)

    def _judge(self, verdicts: list[Verdict]) -> bool:
        self._screen.act("The promises, checked from outside: from git log, and from what every agent was answered")
        for verdict in verdicts:
            more = [f"And {len(verdict.found) - SAID} more."] if len(verdict.found) > SAID else []
            text = " ".join(verdict.found[:SAID] + more) or verdict.text
            self._screen.verdict(verdict.promise, text, kept=not verdict.found)
        kept = not any(verdict.found for verdict in verdicts)
        self._screen.act("All promises were kept." if kept else "A PROMISE WAS BROKEN.")
        return kept

    def _say_goodbye(self, stage: Stage) -> None:
        program = Path(sys.executable).with_name("coordinaut")
        shown = os.path.relpath(program, stage.repository) if program.exists() else "coordinaut"
        self._screen.text("Everything is still there. Look around:")
        tries = (f"{shown} watch", f"git log {checker.REF}", f"git -C ../worktrees/{DOOMED} status --short")
        for line in (f"cd {self._shown}/repository", *tries):
            self._screen.lines(f"  {line}")


class Lead:
    """Whoever sets the agents to work: starts coordination and writes down the tasks that are nobody's own."""

    def __init__(self, stage: Stage) -> None:
        self._folder = stage.repository
        self.calls: list[checker.Call] = []

    def prepare(self) -> str:
        """The id of the task that everybody will want."""
        self._ask("init")
        wanted, *_ = [self._create(part) for part in (WANTED, *COMMON)]
        return wanted

    def _create(self, part: Part) -> str:
        return str(self._ask("create", "--title", part.title, "--files", part.files)["displayId"])

    def _ask(self, *words: str) -> Json:
        done = subprocess.run(
            coordinaut(*words, "--json"), cwd=self._folder, env=world(), check=True, capture_output=True
        )
        answer: Json = json.loads(done.stdout)
        self.calls.append(checker.Call("", [*words], answer))
        return dict(answer["result"])


def main() -> int:
    """Play; 0 if every promise was kept, 1 if not, 2 if there is no room to play in."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=PROJECT / "demo", help="where to play (%(default)s)")
    folder = parser.parse_args().folder.resolve()
    try:
        return 0 if Play(folder).run() else 1
    except NotOursError as error:
        print(f"error: {error}\nhint: Move it away, or name another folder with --folder.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
