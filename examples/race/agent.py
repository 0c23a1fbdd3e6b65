"""One agent of the demonstration: a process of its own, in a work tree of its own, driving the real command line.

Rule 1: it knows of the others only what `coordinaut` tells it.
Rule 2: it edits after a claim was granted, verifies before it commits, and lets go when it is done.
Rule 3: a refusal is an answer: it turns to other work, or waits and asks again.

What it does is told line by line on standard output, as JSON for `demo.py` to show and to keep:
`{"say": text}`, with `"call": {"words", "code", "answer"}` where it asked `coordinaut` something.
`COORDINAUT_INSTANCE` names the instance that acts; the current folder is the work tree.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

CALL_LIMIT_S = 60
GIVE_UP_S = 120
PAUSE_S = 1.0
COMMENTS = {".md": "\n<!-- {} -->\n", ".py": "\n# {}\n"}

Json = dict[str, Any]


class Answer(NamedTuple):
    """What `coordinaut --json` printed: the result, or the error (empty if there was none)."""

    result: Json
    error: Json

    @property
    def refused(self) -> bool:
        """Whether the rules said no."""
        return bool(self.error)


class OutOfPatienceError(Exception):
    """The board did not become empty in time."""


class Agent:
    """An agent that works off the board."""

    def __init__(self, name: str, *, strays_to: str | None, term: str | None, until_killed: bool) -> None:
        self._name, self._strays_to, self._term, self._until_killed = name, strays_to, term, until_killed
        self._told: set[str] = set()
        self._own = ""

    # --- the life of an agent -----------------------------------------------------------------------------------------

    def live(self, wanted: str, title: str, files: str) -> None:
        """Write down a task of one's own, race for the one that everybody wants, then work off the board."""
        self._wait_for_the_gun("create")
        self._own = self._create(title, files)
        self._wait_for_the_gun("claim")
        self._take({"id": wanted, "displayId": wanted})
        over = time.monotonic() + GIVE_UP_S
        while board := self._ask("status").result["tasks"]:
            if not any(self._take(task) for task in ready(board, self._own)):
                time.sleep(PAUSE_S)
            if time.monotonic() > over:
                raise OutOfPatienceError
        self._say("finds the board empty, and stops")

    def _take(self, task: Json) -> bool:
        """Claim a task and do it; False if it was refused."""
        answer = self._claim(task)
        if answer.error.get("code") == "takeover_needs_reason":
            lost = answer.error["details"]["conflicts"][0]
            reason = f"nothing was heard of {lost['agentInstance']} until its lease ran out"
            answer = self._claim(task, "--takeover-reason", reason)
        if answer.refused:
            return False
        self._work(answer.result["task"], answer.result["lease"]["files"])
        return True

    def _work(self, task: Json, files: list[str]) -> None:
        path = tracked(files)
        self._ask("update", "--task", task["id"], "--status", "fixing", "--next", f"edit {path}")
        self._edit(path, f"{task['title']} ({self._name})")
        if self._until_killed and task["id"] == self._own:
            self._go_on_for_ever(task)
        self._stray()
        self._verify()
        self._ask("heartbeat", "--task", task["id"])
        self._hand_in(task, path)

    # --- asking coordinaut --------------------------------------------------------------------------------------------

    def _create(self, title: str, files: str) -> str:
        task = self._ask("create", "--title", title, "--files", files).result
        self._say(f"writes down {task['displayId']}: {title}, {files}")
        return str(task["id"])

    def _claim(self, task: Json, *more: str) -> Answer:
        term = ("--ttl", self._term) if self._term and task["id"] == self._own else ()
        answer = self._ask("claim", "--task", task["id"], "--agent", self._name, *term, *more)
        if answer.refused:
            self._tell_refusal(f"claims {task['displayId']}", answer.error)
        else:
            task, lease = answer.result["task"], answer.result["lease"]
            how = f"takes over, saying why: {more[-1]}." if more else "claims"
            self._say(f"{how} {task['displayId']}: granted, {', '.join(lease['files'])}, fence {lease['fence']}")
        return answer

    def _verify(self) -> None:
        answer = self._ask("verify-worktree")
        if answer.refused:
            self._tell_refusal("verifies its work tree", answer.error)
        else:
            self._say("verifies its work tree: everything that changed is its own")

    def _hand_in(self, task: Json, path: str) -> None:
        """Commit on one's own branch, with the trailers typed by hand, and let go."""
        trailers = {"Agent": self._name, "Agent-Instance": os.environ["COORDINAUT_INSTANCE"], "Agent-Task": task["id"]}
        git("add", "--", path)
        git("commit", "--quiet", "-m", task["title"], *(f"--trailer={key}: {text}" for key, text in trailers.items()))
        commit = git("rev-parse", "HEAD").strip()
        self._tell(f"hands in {path} as commit {commit[:10]}", commit=commit)
        self._ask("release", "--task", task["id"], "--status", "done", "--reason", f"handed in as {commit[:10]}")
        self._say(f"releases {task['displayId']}: done")

    def _ask(self, *words: str) -> Answer:
        """Run the real program; everything that came of it is kept."""
        command = [sys.executable, "-P", "-m", "coordinaut_git", *words, "--json"]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=CALL_LIMIT_S, check=False)
        document = json.loads(done.stdout)
        self._tell("", call={"words": list(words), "code": done.returncode, "answer": document})
        return Answer(document.get("result", {}), document.get("error", {}))

    # --- the work itself ----------------------------------------------------------------------------------------------

    def _edit(self, path: str, text: str) -> None:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(COMMENTS.get(Path(path).suffix, "\n{}\n").format(text))
        self._say(f"edits {path}")

    def _stray(self) -> None:
        """Once, change what is not one's own, be told so, and undo it."""
        path, self._strays_to = self._strays_to, None
        if path:
            self._edit(path, f"changed on the way by {self._name}")
            self._verify()
            git("restore", "--", path)
            self._say(f"undoes {path}")

    def _go_on_for_ever(self, task: Json) -> None:
        step = 1
        while True:
            self._ask("update", "--task", task["id"], "--next", f"step {step}")
            self._say(f"is at step {step} of something long")
            step += 1

    # --- telling ------------------------------------------------------------------------------------------------------

    def _wait_for_the_gun(self, what: str) -> None:
        self._tell("", ready=what)
        sys.stdin.readline()

    def _tell_refusal(self, asked: str, error: Json) -> None:
        """Say a refusal in its own words; one that was said before is only kept."""
        strays = ", ".join(violation["path"] for violation in error["details"].get("violations", ()))
        text = f"{asked}: refused. {error['message']}" + (strays and f" It strayed into {strays}.")
        if text not in self._told:
            self._told.add(text)
            self._tell(text, refused=True)

    def _say(self, text: str) -> None:
        self._tell(text)

    def _tell(self, say: str, **facts: Any) -> None:
        print(json.dumps({"say": say, **facts}), flush=True)


def ready(board: list[Json], own: str) -> list[Json]:
    """What may be taken: one's own task, then what is nobody's own and free, then what a lease ran out on."""
    mine = [task for task in board if task["id"] == own]
    free = [task for task in board if task["createdBy"] == "human" and not task["lease"]]
    left = [task for task in board if task["lease"] and task["lease"]["state"] == "expired"]
    return [*mine, *free, *left]


def tracked(files: list[str]) -> str:
    """A file that git knows within a scope."""
    return git("ls-files", "--", *(f":(top,glob){pattern}" for pattern in files)).splitlines()[-1]


def git(*words: str) -> str:
    """Run git in this work tree; what it printed."""
    return subprocess.run(["git", *words], check=True, capture_output=True, encoding="utf-8").stdout


def main() -> int:
    """Read who one is, and live."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("name", "wanted", "title", "files"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--strays-to", help="a file outside the scope that is changed once on the way")
    parser.add_argument("--term", help="how long a lease lasts without a heartbeat")
    parser.add_argument("--until-killed", action="store_true", help="never come to an end with one's own task")
    given = parser.parse_args()
    agent = Agent(given.name, strays_to=given.strays_to, term=given.term, until_killed=given.until_killed)
    try:
        agent.live(given.wanted, given.title, given.files)
    except OutOfPatienceError:
        print(json.dumps({"say": f"gives up: the board was not empty after {GIVE_UP_S} s"}), flush=True)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
