"""Makes a release: version, changelog, build, checks, commit and tag. It publishes nothing and pushes nothing.

Rule 1: what is planned is said first; --dry-run ends there, and has changed nothing.
Rule 2: the commit and the tag come last: whatever fails before them leaves the checkout as it was.
Rule 3: standard output is the tag alone, and empty where nothing is to be released; the rest goes to standard error.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.release import changelog, distribution
from tools.release.conventional import Commit, Level, Version, level_of
from tools.release.refusal import Refused
from tools.release.repository import CHANGELOG, SOURCE, Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A release that is to be made: from where to where, because of what, and the changelog it will have."""

    last: str | None
    version: Version
    commits: tuple[Commit, ...]
    text: str

    @property
    def tag(self) -> str:
        """The name of its tag."""
        return f"v{self.version}"

    @property
    def notes(self) -> str:
        """What the changelog says of it."""
        return changelog.notes(self.text, self.version)


def planned(repository: Repository, branch: str, wanted: str | None, day: str) -> Plan | None:
    """The next release, or None if nothing is to be released; raises `Refused`."""
    repository.check(branch)
    last = repository.last_tag()
    commits = repository.commits_since(last)
    version = _next(repository.version(), last, commits, wanted)
    if version is None:
        return None
    if repository.has_tag(f"v{version}"):
        raise Refused(f"There is a tag v{version} already, and HEAD does not hold it.", "Look where it points.")
    unmentioned = commits if last else []  # of a first release everything is new
    try:
        text = changelog.released(repository.read(CHANGELOG), version, day, unmentioned)
    except ValueError as error:
        raise Refused(f"In {CHANGELOG} {error}.", "Put it above the newest release.") from error
    return Plan(last=last, version=version, commits=tuple(commits), text=text)


def carry_out(repository: Repository, plan: Plan, folder: Path, *, offline: bool) -> None:
    """Write, build, check, try out; then commit and tag. Raises `Refused`, and then nothing is left behind."""
    try:
        repository.write_version(plan.version)
        repository.write_changelog(plan.text)
        files = distribution.build(repository.root, folder)
        distribution.check(files, plan.version)
        with tempfile.TemporaryDirectory(prefix="coordinaut-release-") as scratch:
            smoke = repository.root / ".ci" / "smoke"
            distribution.try_out(files[0], smoke, Path(scratch), offline=offline)
        repository.commit_and_tag(plan.tag, f"chore(release): {plan.tag}", plan.notes)
    except BaseException:
        repository.restore()
        raise


def _next(current: Version, last: str | None, commits: list[Commit], wanted: str | None) -> Version | None:
    if last and last != f"v{current}":
        raise Refused(
            f"{SOURCE} says {current}, but the last release is {last}.", "Only a release changes the version."
        )
    if wanted:
        version = Version.parse(wanted)
        if version < current or (last and version == current):
            raise Refused(f"{version} does not come after {current}.", "Give a larger one.")
        return version
    if not last:
        return current
    level = level_of(commits)
    return current.raised(level) if level > Level.NOTHING else None


def _told(plan: Plan, folder: Path, root: Path) -> str:
    counted = [commit for commit in plan.commits if commit.level > Level.NOTHING]
    because = "".join(f"  {commit.level.name.lower():5}  {commit.id}  {commit.subject}\n" for commit in counted)
    if not plan.last:
        because = "  (of a first release everything is new)\n"
    shown = folder.relative_to(root) if folder.is_relative_to(root) else folder
    return (
        f"{plan.last or 'the first release'} -> {plan.tag}, because of {len(counted)} of {len(plan.commits)} commits:\n"
        f"{because}"
        f"1. write {plan.version} into {SOURCE} and what is made from it, and the section below into {CHANGELOG}\n"
        f"2. build the sdist and the wheel into {shown}/\n"
        "3. check their metadata; install the wheel into a fresh environment and run .ci/smoke there\n"
        f"4. commit `chore(release): {plan.tag}` and tag it {plan.tag}\n"
        f"\n{plan.notes}"
    )


def main(words: list[str]) -> int:
    """Make a release; the exit code: 0 also where nothing is to be released, 1 for a refusal."""
    given = _arguments().parse_args(words)
    try:
        root = Path(Repository(Path.cwd()).git("rev-parse", "--show-toplevel"))
        repository, folder = Repository(root), Path(given.dist) if given.dist else root / "dist"
        plan = planned(repository, given.branch, given.to, given.day or datetime.now(UTC).strftime("%Y-%m-%d"))
        if plan is None:
            sys.stderr.write(f"Nothing to release: no feat, fix or perf since {repository.last_tag()}.\n")
            return 0
        sys.stderr.write(_told(plan, folder, root))
        if not given.dry_run:
            carry_out(repository, plan, folder, offline=given.offline)
    except Refused as refusal:
        sys.stderr.write(f"error: {refusal}\nhint: {refusal.hint}\n")
        return 1
    except (subprocess.CalledProcessError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{plan.tag}\n")
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__.partition("\n")[0])
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
    parser.add_argument("--to", metavar="X.Y.Z", help="release this version, whatever the commits say (for 1.0.0)")
    parser.add_argument("--branch", default="main", help="the branch that releases are made from (main)")
    parser.add_argument("--dist", metavar="FOLDER", help="where to build (dist)")
    parser.add_argument("--day", metavar="YYYY-MM-DD", help="the day of the release (today, in UTC)")
    parser.add_argument("--offline", action="store_true", help="try the wheel with the dependencies installed here")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
