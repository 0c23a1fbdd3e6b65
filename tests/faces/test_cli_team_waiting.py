"""Who waits in one clone hears of what another clone did; and what goes along with a push."""

import signal

import pytest
from clones import STATE
from following import running

SOON = ("config", "coordinaut.fetchEvery", "200ms")


@pytest.fixture
def waiting(bob, git):
    """Bob's clone, which looks at the remote often."""
    git(bob.root, *SOON)
    return bob


def test_watch_follow_tells_what_another_clone_did(ann, waiting):
    with running(waiting.root, "watch", "--follow", "--json") as follower:
        ann.json("message", "--broadcast", "--text", "from afar")
        ann.json("sync")
        event = follower.event()
    assert (event["data"]["text"], event["confirmed"]) == ("from afar", True)


def test_a_claim_waits_for_what_another_clone_holds(ann, waiting, cli):
    task = ann.create("src/**")
    ann.claim(task)
    waiting.json("sync")
    mine = waiting.create("src/a.py")
    waiting.cli.start(waiting.root, "claim", "--task", mine, "--wait", "10m", "--json", "--agent-instance", "agent_bob")
    with running(ann.root, "release", "--task", task, "--agent-instance", "agent_ann") as release:
        release.ended()
    granted = waiting.cli.answer().result
    assert granted["lease"]["confirmed"] is True


class TestSyncWatch:
    def test_prints_a_line_for_each_exchange_that_moved_something_and_outlives_a_remote_that_is_away(
        self, ann, waiting, shared
    ):
        with running(waiting.root, "sync", "--watch", "--json") as watch:
            first = watch.event()
            assert (first["fetched"], first["pushed"], first["confirmed"]) == (0, 0, True)
            ann.json("message", "--broadcast", "--text", "one")
            ann.json("sync")
            assert watch.event()["fetched"] == 1
            shared.go()
            away = watch.event()
            assert (away["remote"], away["reachable"], away["code"]) == ("origin", False, "remote_unreachable")
            shared.come_back()
            assert watch.event() == {"remote": "origin", "reachable": True}
            waiting.json("message", "--broadcast", "--text", "two")
            assert watch.event()["pushed"] == 1
            code, said = watch.ended(signal.SIGINT)
            assert (code, said.strip()) == (130, "")

    def test_says_so_in_words(self, waiting):
        with running(waiting.root, "sync", "--watch") as watch:
            assert watch.line() == "Nothing to do: origin has all there is here, and nothing new."


class TestAPush:
    def test_takes_the_coordination_along(self, ann, shared, git):
        ann.json("install-hooks")
        ann.create("src/**")
        assert ann.json("status")["team"]["unpublished"] == 1
        git(ann.root, "push", "--quiet", "origin", "HEAD:refs/heads/work")
        assert ann.json("status")["team"]["unpublished"] == 0
        assert shared.git("rev-parse", STATE) == ann.head()

    def test_to_another_remote_takes_nothing_along(self, ann, git, repository):
        ann.json("install-hooks")
        git(ann.root, "remote", "add", "other", str(repository))
        ann.create("src/**")
        git(ann.root, "push", "--quiet", "other", "HEAD:refs/heads/work")
        assert ann.json("status")["team"]["unpublished"] == 1

    def test_is_never_stopped_by_a_remote_that_does_not_take_it(self, ann, shared, git):
        ann.json("install-hooks")
        ann.create("src/**")
        shared.git("config", "transfer.hideRefs", "refs/coordinaut")
        done = ann.run_git("push", "origin", "HEAD:refs/heads/work")
        assert done.returncode == 0
        assert shared.git("rev-parse", "refs/heads/work") == git(ann.root, "rev-parse", "HEAD")
        (said,) = [line for line in done.stderr.splitlines() if line.startswith("coordinaut: ")]
        assert "`coordinaut sync`" in said


class TestDoctor:
    def check(self, clone, name, *words):
        document = clone("doctor", "--json", *words).document
        checks = document["result"]["checks"] if document["ok"] else document["error"]["details"]["checks"]
        return next(one for one in checks if one["name"] == name)

    def test_says_how_the_team_stands(self, ann, clone, git):
        assert self.check(ann, "team")["status"] == "ok"
        alone = clone("alone", join=False)
        alone.json("init")
        assert "no remote is set" in self.check(alone, "team")["summary"]
        git(alone.root, "config", "coordinaut.remote", "origin")
        assert self.check(alone, "team")["advice"] == "Exchange with it: coordinaut sync"

    def test_tries_with_deep_whether_the_remote_takes_the_ref_and_leaves_nothing_there(self, ann, shared):
        before = shared.git("for-each-ref")
        found = self.check(ann, "team-remote", "--deep")
        assert found["status"] == "ok", found
        assert shared.git("for-each-ref") == before

    def test_a_host_that_keeps_the_namespace_to_itself_is_told_with_the_way_out(self, clone, shared, git):
        shared.git("config", "transfer.hideRefs", "refs/coordinaut")
        ann = clone("ann", join=False)
        refused = ann("init", "--remote", "origin", "--json")
        assert refused.failure == (1, "push_refused")
        way_out = "coordinaut init --ref refs/heads/coordinaut/state"
        assert way_out in refused.error["hint"]
        assert way_out in self.check(ann, "team-remote", "--deep")["advice"]
        task = ann.create("src/**")
        met = ann.json("init", "--ref", "refs/heads/coordinaut/state", "--remote", "origin")
        assert (met["ref"], met["sync"]["pushed"]) == ("refs/heads/coordinaut/state", 1)
        assert "refs/coordinaut/state" not in git(ann.root, "for-each-ref", "--format=%(refname)").splitlines()
        assert ann.claim(task)["confirmed"] is True
        bob = clone("bob", "--ref", "refs/heads/coordinaut/state")
        assert [one["displayId"] for one in bob.json("status")["tasks"]] == [task]


def test_ci_reads_the_teams_line_and_checks_it_as_sync_does(ann, clone, shared, git):
    task = ann.create("src/**")
    ann.claim(task)
    (ann.root / "src").mkdir()
    (ann.root / "src/a.py").write_text("x")
    git(ann.root, "add", "--all")
    trailers = ("--trailer", "Agent-Instance: agent_ann", "--trailer", f"Agent-Task: {task}")
    git(ann.root, "commit", "--quiet", "--message", "work", *trailers)
    git(ann.root, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    ci = clone("ci", join=False)
    git(ci.root, "pull", "--quiet")
    done = ci.json("verify-commit-range", "--range", "HEAD~1..HEAD", "--fetch")
    assert (done["commits"], done["checked"], done["ref"]) == (1, 1, "refs/coordinaut-remote/origin/state")


def test_the_tool_sync_and_waiting_tools_reach_other_clones(ann, waiting):
    from mcp_talk import done, talk

    async def script(client):
        start = await done(client, "sync")
        ann.json("message", "--broadcast", "--text", "from afar")
        ann.json("sync")
        return start, await done(client, "wait_for_change", timeout="2m")

    start, seen = talk(waiting.root, script)
    assert start["confirmed"] is True
    assert [event["data"]["text"] for event in seen["events"]] == ["from afar"]


def test_the_tool_claim_task_waits_for_what_another_clone_holds(ann, waiting):
    import asyncio

    from mcp_talk import talk

    theirs = ann.create("src/**")
    ann.claim(theirs)
    waiting.json("sync")
    ours = waiting.create("src/a.py")

    async def script(client):
        told = asyncio.Event()

        async def note(*_):
            told.set()

        arguments = {"task": ours, "agentInstance": "agent_bob", "wait": "10m"}
        claim = asyncio.create_task(client.call_tool("claim_task", arguments, progress_callback=note))
        await told.wait()
        ann.json("release", "--task", theirs)
        return (await claim).structured_content

    granted = talk(waiting.root, script)
    assert granted["lease"]["confirmed"] is True
    assert granted["lease"]["agentInstance"] == "agent_bob"
