"""`explain` in real repositories: stories of tasks, commits and paths, with hostile names in them."""

import os

import pytest

ANN, BOB = ("--agent-instance", "agent_ann"), ("--agent-instance", "agent_bob", "--agent", "bob")
HOSTILE = b"we!rd [\xff]\n*.txt"


def commit(git, root, path, subject, *trailers):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as text:
        text.write(f"{subject}\n")
    git(root, "add", "--all")
    message = "\n".join([subject, "", *trailers])
    git(root, "commit", "--quiet", "--message", message)
    return git(root, "rev-parse", "HEAD")


def texts(result):
    return [item["text"] for item in result["story"]]


@pytest.fixture
def story(cli, project, make_task, git):
    """A task that was taken over and handed on; gives both display ids and the commit of the first."""
    first = make_task(project, "src/**", title="Fix the layout")
    second = make_task(project, "src/a.py", title="Other")
    cli.json(project, "claim", "--task", first, *ANN, "--ttl", "1s")
    made = commit(git, project, "src/a.py", "layout", f"Agent-Task: {first}", "Agent-Instance: agent_ann")
    cli.json(project, "message", "--task", first, "--from-agent-instance", "agent_bob", "--text", "how far?\nare you")
    cli.json(
        project, "update", "--task", first, *ANN, "--status", "fixing", "--next", "run it", "--check", "unit=passed"
    )
    over = ("claim", "--task", second, *BOB, "--takeover-reason", "she left", "--json")
    while cli(project, *over).code:
        pass  # until the second has gone by
    return first, second, made


def test_the_story_of_a_task_is_told_in_the_order_of_time(cli, project, story):
    first, second, made = story
    told = cli.json(project, "explain", "--task", first)
    assert set(told) >= {"task", "leases", "events", "messages", "handoffs", "commits", "story"}
    assert told["task"]["displayId"] == first
    seconds = [item["at"][:19] for item in told["story"]]
    assert seconds == sorted(seconds)
    lines = texts(told)
    assert lines[0].endswith("created it: Fix the layout (src/**)")
    assert [line for line in lines if "expired" not in line and "commit" not in line][1:] == [
        "agent_ann claimed src/** for 1 s",
        "agent_bob wrote to agent_ann: how far? are you",
        "agent_ann updated it: to fixing; unit passed; next: run it",
        f"bob (agent_bob) took it over from agent_ann, for {second}: she left",
    ]
    assert f"commit {made[:10]} by Test Person: layout (1 path)" in lines
    assert "the lease of agent_ann expired" in lines
    assert [(one["agentInstance"], one["state"], one["ended"]) for one in told["leases"]] == [
        ("agent_ann", "ended", "taken_over")
    ]
    assert [event["op"] for event in told["events"]][-1] == "task_claimed"
    assert {message["text"] for message in told["messages"]} >= {"how far?\nare you"}
    assert any("took over" in message["text"] for message in told["messages"]), "what was written by itself is there"
    assert [one["id"] for one in told["commits"]] == [made]


def test_handoffs_are_told_on_both_sides(cli, project, story):
    first, second, _ = story
    asked = cli.json(
        project, "handoff", "request", "--task", first, *ANN, "--files", "src/a.py", "--reason", "still needed"
    )
    cli.json(project, "handoff", "respond", "--id", asked["id"], *BOB, "--status", "handoff_now")
    for task in (first, second):
        told = cli.json(project, "explain", "--task", task)
        assert [(one["id"], one["status"]) for one in told["handoffs"]] == [(asked["id"], "handoff_now")]
        assert any("asked" in line and "src/a.py" in line for line in texts(told)), task
        assert texts(told)[-1] == f"bob (agent_bob) answered {asked['id']} (src/a.py): handoff_now"
    held = cli.json(project, "explain", "--path", "src/a.py")["leases"]
    assert [(one["agentInstance"], one["displayId"], one["ended"]) for one in held] == [
        ("agent_ann", first, "taken_over"),
        ("agent_bob", second, "handed_over"),
        ("agent_ann", first, None),
    ]


@pytest.mark.parametrize(
    "named", ["Agent-Task: {}", "agent-task : {}", "Agent-Task: {id}", "Other: x\nAGENT-TASK:  {}"]
)
def test_a_commit_belongs_to_the_task_that_a_trailer_names(cli, project, make_task, git, named):
    task = make_task(project, "src/**")
    stable = cli.json(project, "explain", "--task", task)["task"]["id"]
    made = commit(git, project, "x", "subject", named.format(task, id=stable))
    assert [one["id"] for one in cli.json(project, "explain", "--task", task)["commits"]] == [made]
    told = cli.json(project, "explain", "--commit", made[:12])
    assert told["task"]["displayId"] == task
    assert told["commit"]["id"] == made


def test_a_commit_that_only_mentions_a_task_does_not_belong_to_it(cli, project, make_task, git):
    task = make_task(project, "src/**")
    commit(git, project, "x", f"subject of {task}", f"Agent-Task: {task} was named here", "", "but this is no trailer")
    assert cli.json(project, "explain", "--task", task)["commits"] == []
    assert cli.json(project, "explain", "--commit", "HEAD")["task"] is None


def test_commits_of_other_branches_and_worktrees_are_found(cli, project, make_task, git):
    task = make_task(project, "src/**")
    linked = project.parent / "linked"
    git(project, "worktree", "add", "--quiet", "--detach", str(linked))
    made = commit(git, linked, "x", "apart", f"Agent-Task: {task}")
    assert [one["id"] for one in cli.json(project, "explain", "--task", task)["commits"]] == [made]


def test_a_commit_is_told_with_who_held_what_it_changed_then(cli, project, make_task, git):
    task, other = make_task(project, "src/**"), make_task(project, "docs/")
    cli.json(project, "claim", "--task", task, *ANN)
    cli.json(project, "claim", "--task", other, *BOB)
    (project / "free.txt").write_text("x")
    (project / "docs").mkdir()
    (project / "docs" / "d.md").write_text("x")
    made = commit(git, project, "src/a.py", "three places", f"Agent-Task: {task}")
    cli.json(project, "release", "--task", other, *BOB)
    cli.json(project, "release", "--task", task, *ANN)
    told = cli.json(project, "explain", "--commit", made)
    then = {one["path"]: [lease["agentInstance"] for lease in one["leases"]] for one in told["paths"]}
    assert then == {"docs/d.md": ["agent_bob"], "free.txt": [], "src/a.py": ["agent_ann"]}
    assert {lease["agentInstance"] for lease in told["leases"]} == {"agent_ann", "agent_bob"}
    first = git(project, "rev-list", "--max-parents=0", "HEAD")
    assert cli.json(project, "explain", "--commit", first)["paths"] == [{"path": "README.md", "leases": []}]


def test_a_path_is_taken_from_where_one_stands(cli, project, make_task, git):
    task = make_task(project, "src/api/*.py")
    cli.json(project, "claim", "--task", task, *ANN)
    made = commit(git, project, "src/api/x.py", "it")
    inside = project / "src" / "api"
    for folder, typed in (
        (project, "src/api/x.py"),
        (inside, "x.py"),
        (inside, "./../api/x.py"),
        (inside, str(inside / "x.py")),
        (inside, "../../src/api"),
        (project, "src/"),
        (project, "src/api/gone.py"),
    ):
        told = cli.json(folder, "explain", "--path", typed)
        assert [one["displayId"] for one in told["tasks"]] == [task], typed
        assert [one["state"] for one in told["leases"]] == ["active"]
    assert [one["id"] for one in cli.json(inside, "explain", "--path", "x.py")["commits"]] == [made]


def test_a_path_that_nobody_claimed_gets_a_clear_answer(cli, project):
    assert "no commit touched it" in cli(project, "explain", "--path", "nix").out
    told = cli(project, "explain", "--path", "README.md").out
    assert "Nobody holds it now." in told
    assert "the first commit" in told


def test_hostile_names_survive_and_reach_no_terminal(cli, project, make_task, git):
    task = make_task(project, "**")
    cli.json(project, "claim", "--task", task, *ANN)
    name = os.fsdecode(HOSTILE)
    (project / name).write_text("x")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "\x1b[31mred\u202e -- --help $(id)")
    told = cli.json(project, "explain", "--path", name)
    assert told["path"].encode("utf-8", "surrogateescape") == HOSTILE
    assert [one["displayId"] for one in told["tasks"]] == [task]
    assert [one["paths"] for one in told["commits"]] == [[name]]
    for words in (("--path", name), ("--commit", "HEAD"), ("--task", task)):
        shown = cli(project, "explain", *words)
        assert shown.code == 0
        assert not {"\x1b", "\u202e"} & set(shown.out)


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        ((), (2, "one_question")),
        (("--task", "AGT-1", "--path", "x"), (2, "one_question")),
        (("--task", "AGT-20200101-001"), (3, "no_such_task")),
        (("--task", "--help"), (2, "bad_task_id")),
        (("--commit", "nope"), (3, "no_such_commit")),
        (("--commit", "--all"), (2, "bad_range")),
        (("--commit", "HEAD..HEAD"), (2, "bad_range")),
        (("--commit", ""), (2, "bad_range")),
        (("--commit", "HEAD^{tree}"), (3, "no_such_commit")),
        (("--path", ""), (2, "bad_path")),
        (("--path", "."), (2, "bad_path")),
        (("--path", "../x"), (2, "bad_path")),
        (("--path", "/etc/passwd"), (2, "bad_path")),
        (("--path", ".git/config"), (2, "bad_path")),
    ],
)
def test_what_cannot_be_told_is_refused_in_words(cli, project, words, failure):
    assert cli(project, "explain", *words, "--json").failure == failure


def test_before_init_there_is_nothing_to_tell(cli, repository):
    assert cli(repository, "explain", "--path", "x", "--json").failure == (3, "no_store")
