"""The workflows ask for what the project has, on the Pythons that it promises, with no more rights than they need."""

import re
import subprocess
import tomllib

import pytest
import yaml
from project_guard import PROJECT

FOLDER = PROJECT / ".github" / "workflows"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="an sdist has no workflows")
CI, RELEASE, NIGHTLY = "ci.yml", "release.yml", "nightly.yml"


def workflow(name):
    return yaml.safe_load((FOLDER / name).read_text())


def jobs():
    return [(name, job, found) for name in (CI, RELEASE, NIGHTLY) for job, found in workflow(name)["jobs"].items()]


def steps():
    return [(name, step) for name, _, job in jobs() for step in job.get("steps", ())]


def test_every_supported_python_is_tried_and_no_other():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    minor = re.compile(r"Programming Language :: Python :: (3\.\d+)")
    promised = [found[1] for line in project["classifiers"] if (found := minor.fullmatch(line))]
    assert workflow(CI)["jobs"]["everything"]["strategy"]["matrix"]["python"] == promised
    makefile = re.search(r"^SUPPORTED := (.*)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert makefile
    assert makefile[1].split() == promised
    assert project["requires-python"] == f">={promised[0]}"


def test_what_is_run_is_a_sound_script_and_names_programs_that_are_there():
    scripts = [step["run"] for _, step in steps() if "run" in step]
    for script in scripts:
        assert subprocess.run(["bash", "-n", "-c", script], capture_output=True, text=True).stderr == "", script
    assert ".ci/run" in scripts
    assert (PROJECT / ".ci" / "run").exists()
    assert any("-m tools.release" in script for script in scripts)


def test_what_the_tests_only_sample_is_asked_in_full_at_night():
    (asked,) = (step for name, step in steps() if name == NIGHTLY and "make test" in step.get("run", ""))
    assert asked["env"] == {"COORDINAUT_CI": "1", "COORDINAUT_LONG": "1", "COORDINAUT_ON_DISK": "1"}


def test_nothing_that_others_choose_is_put_into_a_script():
    for name, step in steps():
        assert "${{" not in step.get("run", ""), f"{name}: pass it in the environment"


def test_rights_are_given_job_by_job():
    rights = {job: found.get("permissions") for name, job, found in jobs() if name == RELEASE}
    assert workflow(RELEASE)["permissions"] == {}
    assert workflow(CI)["permissions"] == workflow(NIGHTLY)["permissions"] == {"contents": "read"}
    assert rights == {
        "check": {"contents": "read"},
        "make": {"contents": "write"},
        "publish": {"id-token": "write"},
        "announce": {"contents": "write"},
    }


def test_only_what_was_checked_and_made_is_published():
    found = workflow(RELEASE)["jobs"]
    assert (found["make"]["needs"], found["publish"]["needs"]) == ("check", "make")
    assert found["publish"]["if"] == "needs.make.outputs.tag"
    assert found["publish"]["environment"] == "pypi"
    uses = [step.get("uses", "") for step in found["publish"]["steps"]]
    assert [use.partition("@")[0] for use in uses] == ["actions/download-artifact", "pypa/gh-action-pypi-publish"]


def test_the_whole_history_is_there_where_commits_are_counted():
    checkout = next(step for step in workflow(RELEASE)["jobs"]["make"]["steps"] if "checkout" in step.get("uses", ""))
    assert checkout["with"]["fetch-depth"] == 0
