"""Completion in the shells themselves: bash always, zsh and fish where they are installed."""

import os
import shlex
import shutil
import subprocess

import pytest
import warm
from commands import program
from shells import Shell

ANN = ("--agent", "ann", "--agent-instance", "agent_ann")
ZSH = pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed: its completion is not tested")
FISH = pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed: its completion is not tested")
READ = {"bash": 'eval "$(coordinaut completion bash)"', "zsh": 'eval "$(coordinaut completion zsh)"'}
NEW_ZSH = "autoload -Uz compinit; compinit -u -D; bindkey -e"
LINES = {
    "coordinaut pres": ["presence"],
    "coordinaut completion z": ["completion", "zsh"],
    "coordinaut claim --task ": ["claim", "--task", "AGT"],
    "coordinaut claim --task agt": ["claim", "--task", "AGT"],
    "coordinaut claim --task=AG": ["claim", "--task=AGT"],
    "coordinaut claim --take": ["claim", "--takeover-reason"],
    "coordinaut claim --mode=ad": ["claim", "--mode=advisory"],
    "coordinaut mine --agent-instance agent_": ["mine", "--agent-instance", "agent_ann"],
    "coordinaut claim --files src/a.py,src/b": ["claim", "--files", "src/a.py,src/b c.py"],
    "coordinaut claim --files my": ["claim", "--files", "my dir/"],
    "coordinaut update --check unit=pa": ["update", "--check", "unit=passed"],
    "X=1 coordinaut mine --agent a": ["coordinaut", "mine", "--agent", "ann"],
}


@pytest.fixture
def environ(tmp_path):
    """Where `coordinaut` is this checkout's."""
    program = tmp_path / "bin" / "coordinaut"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(warm.command(warm.COMMANDS))} "$@"\n')
    program.chmod(0o755)
    return os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}


@pytest.fixture
def scene(cli, project, make_task):
    """A project with one claimed task and some files; gives its folder and the task."""
    for path in ("src/a.py", "src/b c.py", "my dir/x"):
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).write_text("")
    task = make_task(project, "src/**", title="Fix: a, b")
    cli.json(project, "claim", "--task", task, *ANN)
    return project, task


@pytest.fixture(params=["bash", pytest.param("zsh", marks=ZSH)])
def shell(request, scene, environ):
    """An interactive shell that has read the script."""
    with Shell(request.param, scene[0], environ) as running:
        if request.param == "zsh":
            running.run(NEW_ZSH)
        running.run(READ[request.param])
        yield running


def test_a_line_is_completed(shell, scene):
    became = {line: shell.completed(line)[1:] for line in LINES}
    assert became == {line: [word.replace("AGT", scene[1]) for word in words] for line, words in LINES.items()}


def test_the_folder_that_is_named_before_the_command_is_the_one_that_is_asked(shell, scene):
    shell.run("cd /")
    assert shell.completed(f"coordinaut -C {scene[0]} claim --task ")[-1] == scene[1]
    shell.run(f"export HOME={scene[0]}")
    assert shell.completed("coordinaut -C ~ claim --task ")[-1] == scene[1]


def test_what_is_written_for_people_to_be_read_as_a_command_does_nothing(shell, cli, scene):
    project, _ = scene
    evil = "ev $(touch ran); `touch ran`"
    cli.json(project, "create", "--title", "x", "--agent", evil, "--agent-instance", "agent_evil")
    cli.json(project, "create", "--title", evil, "--files", "x", *ANN)
    (project / "ev $(touch ran); 'x").write_text("")
    last = [shell.completed(f"coordinaut {line}")[-1] for line in ("claim --files ev", "mine --agent ev")]
    assert last[0] == "ev $(touch ran); 'x"
    assert last[1] in {"ev", evil}, "bash cannot be offered a word that needs quotes"
    shell.completed("coordinaut claim --task ")
    assert not (project / "ran").exists()


def test_a_bash_that_does_not_quote_names_is_given_quoted_ones(scene, environ):
    project, _ = scene
    (project / "ev $(touch ran); 'x").write_text("")
    with Shell("bash", project, environ) as bash:
        bash.run(READ["bash"])
        bash.run("compopt() { return 1; }")  # as before bash 4.0
        assert bash.completed("coordinaut claim --files ev")[-1] == "ev $(touch ran); 'x"
        assert bash.completed("coordinaut claim --files my")[-1] == "my dir/"
    assert not (project / "ran").exists()


def test_a_shell_outside_of_every_repository_completes_commands_and_stays_silent_about_the_rest(shell):
    shell.run("cd /")
    assert shell.completed("coordinaut hear")[-1] == "heartbeat"
    assert shell.completed("coordinaut claim --task A")[-1] == "A"


def test_a_script_in_a_file_is_as_good(scene, environ, tmp_path):
    with Shell("bash", scene[0], environ) as bash:
        bash.run("coordinaut completion bash > ~/.coordinaut-completion.bash; . ~/.coordinaut-completion.bash")
        assert bash.completed("coordinaut claim --task A")[-1] == scene[1]


@ZSH
def test_zsh_finds_the_script_on_its_path_of_functions(scene, environ, tmp_path):
    with Shell("zsh", scene[0], environ) as zsh:
        zsh.run("mkdir ~/functions; coordinaut completion zsh > ~/functions/_coordinaut; fpath=(~/functions $fpath)")
        zsh.run(NEW_ZSH)
        assert zsh.completed("coordinaut claim --task A")[-1] == scene[1]
        assert zsh.completed("coordinaut claim --task=A")[-1] == f"--task={scene[1]}"


@FISH
def test_fish_completes_a_line_and_shows_titles(scene, environ, tmp_path):
    project, task = scene
    folder = tmp_path / ".config" / "fish" / "completions"
    folder.mkdir(parents=True)
    lines = {line: [words[-1].replace("AGT", task)] for line, words in LINES.items() if not line.startswith("X=1")}
    lines["coordinaut claim --task="] = [f"--task={task}"]
    asked = "; ".join(["coordinaut completion fish > ~/.config/fish/completions/coordinaut.fish", *map(_asked, lines)])
    done = subprocess.run(["fish", "-c", asked], cwd=project, env=environ, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    answers = [answer.strip().split("\t") for answer in done.stdout.split("==\n")[1:]]
    assert [answer[:1] for answer in answers] == list(lines.values())
    assert ["Fix: a, b"] in [answer[1:] for answer in answers]


def _asked(line):
    return f"echo ==; complete -C '{line}'"


def test_bash_reads_the_script_under_its_strictest_settings(tmp_path):
    script = program(["completion", "bash"], cwd=tmp_path).out
    strict = ["bash", "--norc", "-euo", "pipefail", "-c", f"{script}\ncomplete -p coordinaut"]
    done = subprocess.run(strict, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("-F _coordinaut_completion coordinaut\n")
