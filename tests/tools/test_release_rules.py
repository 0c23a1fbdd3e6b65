"""The next version from the commits, and the changelog of a release."""

import pytest

from tools.release.changelog import notes, released
from tools.release.conventional import Commit, Level, Version, level_of


@pytest.mark.parametrize(
    ("message", "level"),
    [
        ("feat: a thing", Level.MINOR),
        ("feat(cli): a thing", Level.MINOR),
        ("Feat: a thing", Level.MINOR),
        ("fix: a thing", Level.PATCH),
        ("perf(store, git): a thing", Level.PATCH),
        ("feat!: a thing", Level.MAJOR),
        ("chore(deps)!: a thing", Level.MAJOR),
        ("docs: x\n\nBREAKING CHANGE: it is gone", Level.MAJOR),
        ("a subject in another form\n\nBREAKING-CHANGE: it is gone", Level.MAJOR),
        ("docs: a thing", Level.NOTHING),
        ("chore(release): v1.2.3", Level.NOTHING),
        ("test: feat: a thing", Level.NOTHING),
        ("feat:no blank", Level.NOTHING),
        ("feature: a thing", Level.NOTHING),
        ("fix : a thing", Level.NOTHING),
        ("x\n\nfeat: in the body\nno BREAKING CHANGE: here", Level.NOTHING),
        ("fix: a thing\n\nBREAKING CHANGE:", Level.PATCH),
        ('Revert "feat: a thing"', Level.NOTHING),
        ("", Level.NOTHING),
    ],
)
def test_a_commit_raises_what_its_form_says(message, level):
    assert Commit(id="1", message=message).level == level


@pytest.mark.parametrize(
    ("version", "level", "following"),
    [
        ("1.2.3", Level.PATCH, "1.2.4"),
        ("1.2.3", Level.MINOR, "1.3.0"),
        ("1.2.3", Level.MAJOR, "2.0.0"),
        ("0.2.3", Level.PATCH, "0.2.4"),
        ("0.2.3", Level.MINOR, "0.3.0"),
        ("0.2.3", Level.MAJOR, "0.3.0"),
        ("0.9.9", Level.MAJOR, "0.10.0"),
    ],
)
def test_the_next_version_is_that_of_semantic_versioning_and_before_1_0_breaking_is_minor(version, level, following):
    assert str(Version.parse(version).raised(level)) == following


def test_versions_compare_by_number_and_are_read_strictly():
    assert Version.parse("0.10.0") > Version.parse("0.9.9")
    for wrong in ("1.2", "v1.2.3", "1.2.3rc1", "01.2.3", "1.2.3\n", ""):
        with pytest.raises(ValueError, match="version"):
            Version.parse(wrong)


def test_the_most_of_all_commits_counts():
    commits = [Commit(id="1", message=message) for message in ("docs: a", "feat: b", "fix: c")]
    assert level_of(commits) == Level.MINOR
    assert level_of([]) == Level.NOTHING


LOG = """# Changelog

Words.

## [Unreleased]

### Added

- By  *hand*, to the
  letter.

## [0.1.0] - 2026-01-01

- First.
"""
COMMITS = [
    Commit(id="aaa", message="feat: one", in_changelog=True),
    Commit(id="bbb", message="fix: two_three <b>*[x](y)` and more\n\nwords"),
    Commit(id="ccc", message="docs: three"),
    Commit(id="ddd", message="perf!: four"),
]
RELEASED = """# Changelog

Words.

## [Unreleased]

## [0.2.0] - 2026-11-22

### Added

- By  *hand*, to the
  letter.

### Further changes

- fix: two\\_three \\<b\\>\\*\\[x\\](y)\\` and more (bbb)
- perf!: four (ddd)

## [0.1.0] - 2026-01-01

- First.
"""


def test_what_was_written_by_hand_becomes_the_section_and_what_nobody_mentioned_is_listed():
    assert released(LOG, Version(0, 2, 0), "2026-11-22", COMMITS) == RELEASED
    assert notes(RELEASED, Version(0, 2, 0)).startswith("### Added\n\n- By  *hand*, to the\n  letter.\n\n### Further")
    assert notes(RELEASED, Version(0, 2, 0)).endswith("- perf!: four (ddd)\n")
    assert notes(RELEASED, Version(0, 1, 0)) == "- First.\n"


def test_a_changelog_with_nothing_under_unreleased_lists_the_commits_alone():
    bare = "# Changelog\n\n## [Unreleased]\n"
    first = released(bare, Version(0, 1, 0), "2026-11-22", [])
    assert first == "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-11-22\n"
    second = released(first, Version(0, 1, 1), "2026-11-23", COMMITS[1:2])
    assert [line[:12] for line in second.splitlines() if line.startswith(("#", "-"))] == [
        "# Changelog", "## [Unreleas", "## [0.1.1] -", "### Further ", "- fix: two\\_", "## [0.1.0] -",
    ]  # fmt: skip


def test_a_changelog_without_unreleased_is_not_guessed_at():
    with pytest.raises(ValueError, match="Unreleased"):
        released("# Changelog\n", Version(0, 1, 0), "2026-11-22", [])
