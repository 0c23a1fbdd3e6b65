"""The Dockerfile and the systemd unit, as far as they can be judged without an engine."""

import json
import re
import shlex

import pytest
from click.testing import CliRunner
from project_guard import PROJECT

from coordinaut_git.faces.http.main import command

INSTRUCTIONS = {
    "FROM", "ENV", "COPY", "RUN", "USER", "WORKDIR", "VOLUME", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT",
}  # fmt: skip


@pytest.fixture(scope="module")
def steps():
    """The instructions of the Dockerfile, each with what it says."""
    text = re.sub(r"\\\n\s*", "", (PROJECT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]


def said(steps, name):
    return [text for instruction, text in steps if instruction == name]


def test_every_instruction_is_one(steps):
    assert {instruction for instruction, _ in steps} == INSTRUCTIONS
    assert steps[0][0] == "FROM"


def test_it_copies_the_wheel_and_nothing_else(steps):
    assert said(steps, "COPY") == ["dist/*.whl /wheels/"]
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    assert ignored == ["*", "!dist/*.whl"]


def test_it_does_not_run_as_root_and_its_data_outlives_it(steps):
    names = [instruction for instruction, _ in steps]
    assert said(steps, "USER") == ["coordinaut"]
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")
    assert said(steps, "VOLUME") == ["/data"]


def test_its_commands_and_variables_are_those_of_the_program(steps):
    (entry,), (health,) = said(steps, "ENTRYPOINT"), said(steps, "HEALTHCHECK")
    assert json.loads(entry) == ["coordinaut-server"]
    assert json.loads(health.partition(" CMD ")[2]) == ["coordinaut-server", "--check"]
    options = {parameter.envvar for parameter in command.params if getattr(parameter, "envvar", None)}
    used = set(re.findall(r"COORDINAUT_SERVER_\w+", " ".join(said(steps, "ENV"))))
    assert used
    assert used <= options
    assert "--check" in CliRunner().invoke(command, ["--help"]).output


def test_its_shell_lines_are_shell(steps, tmp_path):
    import subprocess

    for text in said(steps, "RUN"):
        assert subprocess.run(["sh", "-n", "-c", text], cwd=tmp_path).returncode == 0
        assert shlex.split(text)[:2] == ["set", "-eu;"]


def test_the_unit_starts_the_program_with_variables_that_it_knows():
    unit = (PROJECT / "examples" / "server" / "coordinaut-server.service").read_text()
    facts = dict(re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE))
    assert facts["ExecStart"].endswith("/coordinaut-server")
    options = {parameter.envvar for parameter in command.params if getattr(parameter, "envvar", None)}
    assert set(re.findall(r"COORDINAUT_SERVER_\w+", facts["Environment"])) <= options


def test_the_page_of_the_server_names_every_variable():
    page = (PROJECT / "docs" / "server.md").read_text()
    options = {parameter.envvar for parameter in command.params if getattr(parameter, "envvar", None)}
    secrets = {f"COORDINAUT_SERVER_{name}" for name in ("TOKEN", "TOKENS", "TOKENS_FILE", "DATABASE_URL")}
    assert set(re.findall(r"COORDINAUT_SERVER_[A-Z_]+[A-Z]", page)) == options | secrets
