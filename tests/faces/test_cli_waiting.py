"""`claim --wait`: patience for files that somebody else holds."""

import json
import subprocess
import time

import warm

ANN = ("--agent-instance", "agent_ann")
BOB = ("--agent-instance", "agent_bob")
LONG_S = 300


def claiming(cwd, *words):
    """A claim in a process of its own."""
    return subprocess.Popen([*warm.command(warm.COMMANDS), "claim", *words, "--json"], cwd=cwd, stdout=subprocess.PIPE)


def answer(process):
    out, _ = process.communicate(timeout=LONG_S)
    return process.returncode, json.loads(out)


def test_a_waiting_claim_gets_the_files_as_soon_as_their_holder_lets_go(cli, project, make_task):
    first, second = make_task(project, "src/**"), make_task(project, "src/a.py")
    cli(project, "claim", "--task", first, *ANN)
    waiting = claiming(project, "--task", second, "--wait", f"{LONG_S}s", *BOB)
    time.sleep(0.5)
    assert waiting.poll() is None, "it waits"
    cli(project, "release", "--task", first, *ANN)
    code, document = answer(waiting)
    assert (code, document["result"]["lease"]["agentInstance"]) == (0, "agent_bob")


def test_a_claim_that_waited_in_vain_is_refused_as_one_that_did_not_wait(cli, project, make_task):
    first, second = make_task(project, "src/**"), make_task(project, "src/a.py")
    cli(project, "claim", "--task", first, *ANN)
    refused = cli(project, "claim", "--task", second, "--wait", "300ms", *BOB, "--json")
    assert refused.failure == (1, "scope_conflict")
    assert [conflict["agentInstance"] for conflict in refused.error["details"]["conflicts"]] == ["agent_ann"]


def test_a_claim_that_can_never_be_granted_does_not_wait(cli, project):
    began_s = time.monotonic()
    assert cli(project, "claim", "--task", "AGT-20200101-001", "--wait", "1h", *BOB, "--json").failure == (
        3,
        "no_such_task",
    )
    assert time.monotonic() - began_s < LONG_S


def test_a_taker_with_a_reason_waits_until_the_lease_has_expired(cli, project, make_task):
    task = make_task(project, "src/**")
    cli(project, "claim", "--task", task, "--ttl", "2s", *ANN)
    taken = claiming(project, "--task", task, "--wait", f"{LONG_S}s", "--takeover-reason", "it went silent", *BOB)
    code, document = answer(taken)
    assert (code, document["result"]["lease"]["agentInstance"]) == (0, "agent_bob")


def test_the_next_task_is_waited_for(cli, project, make_task):
    waiting = claiming(project, "--next", "--wait", f"{LONG_S}s", *BOB)
    time.sleep(0.5)
    task = make_task(project, "src/**")
    code, document = answer(waiting)
    assert (code, document["result"]["task"]["displayId"]) == (0, task)


def test_a_wait_that_is_no_duration_is_invalid(cli, project, make_task):
    task = make_task(project, "src/**")
    assert cli(project, "claim", "--task", task, "--wait", "soon", *BOB, "--json").failure == (2, "bad_duration")
