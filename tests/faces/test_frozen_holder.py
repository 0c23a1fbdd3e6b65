"""A holder that is stopped (SIGSTOP) beyond the end of its lease, while somebody in another clone takes its files over."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hooking import write

PATIENCE_S = 300
HOLDER = """
tried() { name=$1; shift; "$@" 2>&1 | sed "s/^/$name: /"; }
kill -STOP $$
tried commit git commit --quiet --message first
tried claim $COORDINAUT claim --task $TASK
tried commit-again git commit --quiet --message second
COORDINAUT_HOOKS=0 git commit --quiet --message "past the hooks" --trailer "Agent-Instance: agent_ann" --trailer "Agent-Task: $TASK"
tried push git push --quiet origin HEAD:refs/heads/work
tried push-past git push --quiet --no-verify origin HEAD:refs/heads/work
tried release $COORDINAUT release --task $TASK
"""


def state_of(process):
    """The letter of proc(5)."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def taken_over(clone, task):
    """The lease, as soon as it is granted: when the clone has counted the whole term itself."""
    until = time.monotonic() + PATIENCE_S
    while not (answer := clone("claim", "--task", task, "--takeover-reason", "no sign of life", "--json")).document[
        "ok"
    ]:
        assert answer.error["code"] == "scope_conflict", answer
        assert time.monotonic() < until, answer
        time.sleep(0.2)
    return answer.result["lease"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no proc(5) to look at")
def test_is_refused_at_commit_claim_push_and_release_when_it_goes_on(ann, bob, shared, cli, git):
    task = ann.create("src/**")
    ann.json("install-hooks")
    write(ann.root, "src/a.py")
    before = ann.claim(task, "--ttl", "1s")
    bob.json("sync")
    environ = os.environ | {"TASK": task, "COORDINAUT": f"{sys.executable} -P -m coordinaut_git", "COORDINAUT_INSTANCE": "agent_ann"}  # fmt: skip
    holder = subprocess.Popen(["sh", "-c", HOLDER], cwd=ann.root, env=environ, stdout=subprocess.PIPE, text=True)
    try:
        while state_of(holder) != "T":
            time.sleep(0.01)
        lease = taken_over(bob, bob.create("src/a.py"))
        assert cli.json(shared.root, "install-hooks")["installed"] == ["update"]
        holder.send_signal(signal.SIGCONT)
        said, _ = holder.communicate(timeout=PATIENCE_S)
    finally:
        holder.kill()
        holder.communicate()
    assert (lease["confirmed"], lease["fence"] > before["fence"]) == (True, True)
    told = {}
    for line in said.splitlines():
        name, _, words = line.partition(": ")
        told.setdefault(name, []).append(words)
    assert {name: any("error" in word for word in words) for name, words in told.items()} == dict.fromkeys(
        ("commit", "claim", "commit-again", "push", "push-past", "release"), True
    ), said
    assert "src/a.py is held by" in " ".join(told["claim"])
    assert any("agent_bob" in word or "taken over" in word for word in told["commit-again"]), said
    assert git(ann.root, "log", "-1", "--format=%s") == "past the hooks"
    assert "refs/heads/work" not in shared.git("for-each-ref")
    (held,) = bob.json("status")["leases"]
    assert (held["agentInstance"], held["fence"]) == ("agent_bob", lease["fence"])
