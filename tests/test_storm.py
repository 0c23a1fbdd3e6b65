"""Storms: many real processes in several worktrees at once, killed and disturbed, judged from outside.

Rule 1: what happened is read with the git program from the messages of the commits; none of our code judges itself.
Rule 2: everything random comes from one seed, which a failure names; COORDINAUT_SEED repeats it, as far as a race can be.

COORDINAUT_LONG makes them longer.
"""

import json
import random
import subprocess
import time
from collections import Counter
from contextlib import suppress

import pytest
from commands import PROGRAM, Cli
from storms import LONG, SEED, Nursery, agents, at_once, check_line, check_nothing_is_lost, linked

HEALED_S = 300.0  # writers look about once a second; the rest is for a busy machine
FAMILIES = (
    (
        "src/api/", "src/**/new.py", "src/api/*.py", "src/*/new.py", "s*/**/new.py", "src/", "src/api/new.py",
        "s*/a*/n*.py", "src/api/n?w.py", "src/[a-c]pi/**", "sr?/api/new.py", "src/**",
    ),
    ("docs/", "docs/*.md", "d*/later.md", "docs/later.md", "d?cs/l*", "docs/**", "[d]ocs/*.md", "doc[s]/**/later.md"),
)  # fmt: skip
"""Scopes of which any two of one family meet (at `src/api/new.py`, `docs/later.md`, which do not exist), and no two of different ones."""

pytestmark = pytest.mark.slow


@pytest.fixture
def places(repository, git):
    """A repository with coordination set up, and two linked worktrees."""
    return linked(repository, git)


def family_of(patterns):
    return next(number for number, family in enumerate(FAMILIES) if set(patterns) <= set(family))


def check_one_holder(line):
    """No scope was granted while another instance held one of its family; every fence is the number of its grant."""
    holder = {}
    for operation in line:
        if operation["op"] == "task_claimed":
            for takeover in operation["data"].get("takeovers", ()):
                holder = {family: who for family, who in holder.items() if who[1] != takeover["taskId"]}
            family = family_of(operation["data"]["files"])
            held = holder.get(family)
            assert held is None or held[0] == operation["agentInstance"], (SEED, operation, held)
            holder[family] = (operation["agentInstance"], operation["taskId"])
        elif operation["op"] == "task_released":
            holder = {family: who for family, who in holder.items() if who[1] != operation["taskId"]}


def make_tasks(cli, place, count):
    return [cli.json(place, "create", "--title", f"task {number}")["displayId"] for number in range(count)]


def test_of_overlapping_claims_exactly_one_wins_each_time(places, git):
    chance = random.Random(SEED)
    with agents(12) as running:
        tasks = make_tasks(running[0], places[0], len(running))
        for _ in range(30 if LONG else 8):
            asked = {number: chance.choice(FAMILIES[number % 2]) for number in range(len(running))}
            commands = [
                (chance.choice(places), ("claim", "--task", task, "--agent-instance", f"a{number}", "--files", asked[number]))
                for number, task in enumerate(tasks)
            ]  # fmt: skip
            answers = dict(enumerate(at_once(running, commands)))
            for family in (0, 1):
                ours = {number: answer for number, answer in answers.items() if number % 2 == family}
                (winner,) = [number for number, answer in ours.items() if answer.code == 0]
                assert_the_others_were_told(ours, winner)
            for number, answer in answers.items():
                if answer.code == 0:
                    running[number].json(
                        places[0], "release", "--task", tasks[number], "--agent-instance", f"a{number}"
                    )
    line = check_line(git, places[0])
    check_one_holder(line)
    assert Counter(operation["op"] for operation in line)["task_claimed"] == (60 if LONG else 16)


def assert_the_others_were_told(answers, winner):
    for number, answer in answers.items():
        if number != winner:
            assert answer.failure == (1, "scope_conflict"), (SEED, answer)
            (conflict,) = answer.error["details"]["conflicts"]
            assert conflict["agentInstance"] == f"a{winner}", SEED
            assert conflict["example"], SEED


def test_whole_programs_race_as_well(places, git):
    """The same with twelve programs from their very start."""
    with Cli() as cli:
        tasks = make_tasks(cli, places[0], 12)
    racers = [
        subprocess.Popen(
            [*PROGRAM, "claim", "--task", task, "--files", scope, "--agent-instance", f"a{number}", "--json"],
            cwd=places[number % 3],
            stdout=subprocess.PIPE,
        )
        for number, (task, scope) in enumerate(zip(tasks, FAMILIES[0], strict=True))
    ]
    outs = [racer.communicate(timeout=600)[0] for racer in racers]
    assert sorted(racer.returncode for racer in racers) == [0] + [1] * 11
    errors = [document["error"] for out in outs if not (document := json.loads(out))["ok"]]
    assert {error["code"] for error in errors} == {"scope_conflict"}
    assert all(error["details"]["conflicts"] for error in errors)
    check_one_holder(check_line(git, places[0]))


def test_of_racing_takers_exactly_one_takes_an_expired_lease_over(places, git):
    chance = random.Random(SEED)
    with agents(9) as running:
        owner, takers = running[0], running[1:]
        tasks = make_tasks(owner, places[0], len(running))
        for number in range(8 if LONG else 4):
            mine = ("claim", "--task", tasks[0], "--files", "src/", "--agent-instance", "a0", "--ttl")
            owner.json(places[0], *mine, "1h")
            heartbeat = ("heartbeat", "--agent-instance", "a0", "--task")
            early = takers[0](places[1], *taking(tasks[1], 1, "in a hurry"), "--json")
            assert early.failure == (1, "scope_conflict"), "a reason ends no lease that has not expired"
            owner.json(places[0], *mine, "1s")
            time.sleep(1.2)
            same_task = number % 2 == 0
            commands = [(places[0], (*mine, "1h"))] if number >= 2 else [(places[0], (*heartbeat, tasks[0]))]
            for taker in range(1, len(running)):
                task = tasks[0] if same_task else tasks[taker]
                reason = f"a0 has gone, says a{taker}" if taker % 2 else None
                commands.append((chance.choice(places), taking(task, taker, reason)))
            answers = at_once(running, commands)
            winners = [taker for taker, answer in enumerate(answers) if answer.code == 0]
            assert len(winners) == 1, (SEED, answers)
            assert winners[0] % 2 or winners[0] == 0, "nobody takes over without a reason"
            codes = {answer.error["code"] for answer in answers if answer.code}
            assert codes <= {"scope_conflict", "takeover_needs_reason", "lease_expired", "not_owner", "not_claimed"}, (
                SEED,
                codes,
            )
            held = owner.json(places[0], "status")["leases"]
            assert [lease["agentInstance"] for lease in held] == [f"a{winners[0]}"]
            if winners[0]:
                late = owner(places[2], "release", "--task", tasks[0], "--agent-instance", "a0", "--json")
                assert late.code == 1, "who was taken over holds nothing any more"
            let_go = ("release", "--task", held[0]["displayId"], "--agent-instance", held[0]["agentInstance"])
            owner.json(places[0], *let_go)
    line = check_line(git, places[0])
    check_one_holder(line)
    assert all(operation["data"]["reason"] for operation in line if operation["data"].get("takeovers"))


def taking(task, taker, reason):
    said = ("--takeover-reason", reason) if reason else ()
    return ("claim", "--task", task, "--files", "src/", "--agent-instance", f"a{taker}", "--ttl", "1h", *said)


@pytest.fixture
def nursery(tmp_path):
    folder = tmp_path / "nursery"
    folder.mkdir()
    nursery = Nursery(folder)
    yield nursery
    nursery.close()


def test_what_was_acknowledged_survives_kill_9(places, git, nursery):
    """And no command has to wait for the dead: one that finds a lock for good gives up after three seconds, and fails."""
    chance = random.Random(SEED)
    writers = [nursery.start(place) for place in places * 2]
    kills = 150 if LONG else 40
    with Cli() as cli:
        for number in range(kills):
            time.sleep(chance.uniform(0.01, 0.15))
            victim = chance.choice(writers)
            nursery.kill(victim)
            if number % 5 == 0:
                cli.json(chance.choice(places), "create", "--title", "at once")
            writers[writers.index(victim)] = nursery.start(chance.choice(places))
        nursery.wait_until_told(kills + 1)
        for writer in writers:
            nursery.kill(writer)
        cli.json(places[1], "create", "--title", "the next command")
    told = check_nothing_is_lost(git, places[0], nursery)
    assert len(told) > kills, "the writers were busy"


def test_whole_commands_killed_at_any_moment_leave_nothing_half_done(places, git):
    """The command line itself, killed between its start and its end."""
    chance = random.Random(SEED)
    told = []
    for number in range(40 if LONG else 12):
        words = ["create", "--title", f"task {number}", "--json"]
        process = subprocess.Popen([*PROGRAM, *words], cwd=chance.choice(places), stdout=subprocess.PIPE)
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.05, 0.6))
        process.kill()
        out = process.communicate()[0]
        if out.endswith(b"\n"):
            told.append(json.loads(out)["result"]["id"])
    with Cli() as cli:
        last = cli.json(places[0], "create", "--title", "the next command")
        known = {task["id"] for task in cli.json(places[0], "status")["tasks"]}
    assert {*told, last["id"]} <= known, SEED
    check_line(git, places[0])


def collect(root):
    """`git gc`, which works again soon after a `--prune=now` took what had no ref yet: the writers put it back."""
    until = time.monotonic() + HEALED_S
    while (done := subprocess.run(["git", "-C", root, "gc", "--quiet"], capture_output=True, text=True)).returncode:
        assert time.monotonic() < until, (SEED, done.stderr)


def test_writers_work_beside_git_and_git_beside_them(places, git, nursery):
    root = places[0]
    # Two gits must not meet here, only git and we: no collection in the background of a commit, and no commit-graph,
    # whose lock a `git gc` that failed half-way can leave behind for the next one.
    git(root, "config", "gc.auto", "0")
    git(root, "config", "maintenance.auto", "false")
    git(root, "config", "gc.writeCommitGraph", "false")
    for place in places * 2:
        nursery.start(place)
    began, commits, rounds = time.monotonic(), 0, 0
    while time.monotonic() - began < (40 if LONG else 4):
        rounds += 1
        collect(root)
        # This takes an object between its write and its ref, and may fail on it; the next operation puts it back.
        subprocess.run(["git", "-C", root, "gc", "--quiet", "--prune=now"], stderr=subprocess.DEVNULL)
        git(root, "pack-refs", "--all")
        git(root, "worktree", "add", "--quiet", "--detach", str(root.parent / "passing"))
        git(root.parent / "passing", "commit", "--quiet", "--allow-empty", "-m", "beside")
        git(root, "worktree", "remove", str(root.parent / "passing"))
        for place in places:
            (place / "file.txt").write_text(f"{rounds}\n")
            git(place, "add", "file.txt")
            git(place, "commit", "--quiet", "-m", f"round {rounds}")
            commits += 1
    nursery.wait_until_told(51)
    nursery.stop()
    with Cli() as cli:
        assert cli(root, "status").code == 0
    told = check_nothing_is_lost(git, root, nursery)
    assert len(told) > 50, "the writers were busy"
    made = sum(int(git(place, "rev-list", "--count", "HEAD")) for place in places)
    assert made == commits + len(places), "every commit of the people is there"
    assert all(git(place, "status", "--porcelain") == "" for place in places)
