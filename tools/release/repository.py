"""The repository that is released: what stands in it, and the commit and tag of a release.

Rule 1: a release is made from a clean tree, on its branch, with the whole history at hand; anything else is refused.
Rule 2: signing, identity and hooks are those of whoever releases: git is asked as that person would ask it.
"""

import re
import subprocess
from pathlib import Path

from tools.reference import listings
from tools.release.conventional import Commit, Version
from tools.release.refusal import Refused

CHANGELOG = "CHANGELOG.md"
SOURCE = "coordinaut_git/__init__.py"
"""Where the version stands, and nowhere else: pyproject.toml reads it from there, and what is made says it after it."""

WRITTEN = (SOURCE, CHANGELOG, *listings.files())
"""What a release changes."""

_VERSION_LINE = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)


class Repository:
    """A checkout of the project."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str) -> str:
        """What git prints, without the last line break; raises CalledProcessError."""
        done = subprocess.run(["git", *arguments], cwd=self.root, check=True, stdout=subprocess.PIPE, encoding="utf-8")
        return done.stdout.removesuffix("\n")

    def check(self, branch: str) -> None:
        """Raise `Refused` where no release can be made from."""
        current = self.git("branch", "--show-current")
        if not current:
            raise Refused("HEAD is detached.", f"git switch {branch}")
        if current != branch:
            raise Refused(f"This is the branch {current}, and releases are made from {branch}.", f"git switch {branch}")
        if changed := self.git("status", "--porcelain"):
            raise Refused(f"The work tree is not clean:\n{changed}", "Commit or remove what is there.")
        if self.git("rev-parse", "--is-shallow-repository") == "true":
            raise Refused("The history is cut off, and the commits cannot be counted.", "git fetch --unshallow --tags")

    def last_tag(self) -> str | None:
        """The newest release on the way to HEAD."""
        found = self.git("tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname").splitlines()
        return next((tag for tag in found if re.fullmatch(r"v\d+\.\d+\.\d+", tag)), None)

    def has_tag(self, tag: str) -> bool:
        """Whether there is such a tag, wherever it points."""
        return self.git("tag", "--list", tag) != ""

    def commits_since(self, tag: str | None) -> list[Commit]:
        """The commits after a release, oldest first, those of merged branches too."""
        span = f"{tag}..HEAD" if tag else "HEAD"
        listed = self.git("log", "--reverse", "--no-merges", "-z", "--format=%h%n%B", span)
        wrote = set(self.git("log", "--no-merges", "--full-history", "--format=%h", span, "--", CHANGELOG).splitlines())
        found = (entry.partition("\n") for entry in listed.split("\0") if entry)
        return [Commit(id=name, message=message.strip(), in_changelog=name in wrote) for name, _, message in found]

    def version(self) -> Version:
        """The version that the source says."""
        found = _VERSION_LINE.findall(self.read(SOURCE))
        if len(found) != 1:
            raise Refused(f"{SOURCE} does not say __version__ once.", "It is the one place of the version.")
        return Version.parse(found[0])

    def read(self, name: str) -> str:
        """The text of a file."""
        return (self.root / name).read_text("utf-8")

    def write_version(self, version: Version) -> None:
        """Let the source say another version, and the lists that are made from it."""
        text = _VERSION_LINE.sub(f'__version__ = "{version}"', self.read(SOURCE))
        (self.root / SOURCE).write_text(text, "utf-8")
        for name, made in listings.files(str(version)).items():
            (self.root / name).write_text(made, "utf-8")

    def write_changelog(self, text: str) -> None:
        """Write the changelog."""
        (self.root / CHANGELOG).write_text(text, "utf-8")

    def restore(self) -> None:
        """Undo what was written; the tree was clean before."""
        self.git("checkout", "--quiet", "HEAD", "--", *WRITTEN)

    def commit_and_tag(self, tag: str, message: str, notes: str) -> None:
        """Record the release; git signs both if it is set up to (`commit.gpgSign`, `tag.gpgSign`)."""
        self.git("commit", "--quiet", f"--message={message}", "--", *WRITTEN)
        try:
            self.git("tag", "--annotate", "--cleanup=verbatim", f"--message={tag}\n\n{notes}", tag)
        except subprocess.CalledProcessError:
            self.git("reset", "--quiet", "--soft", "HEAD^")  # a release without its tag would never be found again
            raise
