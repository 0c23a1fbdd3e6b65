"""What a scope covers: by examples, by a second definition, by git itself, and by pathspec."""

import random
import re
import subprocess
from pathlib import Path

import pathspec
import pytest
from oracles import NAMED, covered, paths, words
from scope_patterns import LONG, PLAIN, SEED, WORLDS, World, lawful

from coordinaut_git.protocol.scope import check_scope, covers

COUNT = 400 if LONG else 80


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("package.json", "package.json"),
        ("src", "src/api/a.py"),
        ("src/", "src/api/a.py"),
        ("src/**", "src/a.py"),
        ("src/*.py", "src/.py"),
        ("src/*", "src/deep/er/a.py"),
        ("**/test_?.py", "test_a.py"),
        ("**/test_?.py", "a/b/test_é.py"),
        ("a/**/b", "a/b"),
        ("a/**/b", "a/x/y/b/below"),
        ("a**b", "axxb"),
        ("**", "a/b"),
        ("**/", "a/b"),
        ("[a-c]x", "bx"),
        ("[!a-c]x", "dx"),
        ("[^a-c]x", "dx"),
        ("[]a]", "]"),
        ("[[:digit:][:upper:]]", "7"),
        ("[[:digit:][:upper:]]", "Q"),
        ("[a\\-z]", "-"),
        ("[+-\\-]", ","),
        ("\\*.py", "*.py"),
        ("\\!important", "!important"),
        ("#notes", "#notes"),
        ("name ", "name "),
        ("./src/a.py", "src/a.py"),
        ("*", 'with\nnewline and "quote"'),
        ("a?b", "a\udcffb"),
        ("?.py", "\udce9.py"),
        (".github/", ".github/workflows/ci.yml"),
        (".gi?", ".gix"),
    ],
)
def test_a_pattern_covers(pattern: str, path: str):
    assert covers(check_scope([pattern]), path)
    assert covered(pattern.removeprefix("./"), path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("package.json", "lib/package.json"),
        ("src", "srcs"),
        ("src/a", "src/ab"),
        ("src/", "src"),
        ("src/**", "src"),
        ("src/*.py", "src/deep/a.py"),
        ("*.py", "src/a.py"),
        ("a**b", "a/b"),
        ("a/*/b", "a/b"),
        ("**/", "a"),
        ("?", "ab"),
        ("[!a]", "a"),
        ("[a-z]", "-"),
        ("\\*.py", "a.py"),
        ("[[:lower:]]", "é"),
        ("name ", "name"),
        ("README", "readme"),
        ("*", ".git/config"),
        ("**", "sub/.GIT/config"),
        (".g*", ".Git"),
        ("**", "a//b"),
        ("**", "../a"),
        ("**", "./a"),
        ("**", "/a"),
        ("**", "a/"),
        ("**", ""),
    ],
)
def test_a_pattern_does_not_cover(pattern: str, path: str):
    assert not covers(check_scope([pattern]), path)
    assert not covered(pattern, path)


def test_a_folder_pattern_covers_the_folder_itself_where_that_is_a_directory():
    assert covers(("vendor/lib/",), "vendor/lib", directory=True)
    assert not covers(("vendor/lib/",), "vendor/lib")
    assert not covers(("vendor/lib/**",), "vendor/lib", directory=True)
    assert covers(("vendor/",), "vendor/lib", directory=True)
    assert not covers(("vendor/lib/",), "vendor", directory=True)
    assert covers(("**/",), "vendor", directory=True)


def test_a_scope_covers_what_any_of_its_patterns_covers():
    scope = check_scope(["docs/", "src/*.py"])
    assert covers(scope, "docs/a")
    assert covers(scope, "src/a.py")
    assert not covers(scope, "src/a.rs")


def test_case_folding_is_for_names_and_for_classes():
    assert covers(("Src/[A-C].PY",), "sRC/b.py", fold=True)
    assert covers(("[[:upper:]]",), "a", fold=True)
    assert not covers(("[!A]",), "a", fold=True)
    assert covers(("[!A]",), "a")
    assert not covers(("Ä",), "ä", fold=True)
    assert covers(("ÄB",), "Äb", fold=True)
    assert covers(("[Z-a]",), "Z", fold=True)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_every_path_of_a_small_world_is_covered_as_the_second_definition_says(world: World):
    chance = random.Random(SEED)
    for text in lawful(world, COUNT, chance):
        directory = text.endswith("/") and chance.random() < 0.5
        for path in world.paths:
            ours = covers((text,), path, fold=world.fold, directory=directory)
            theirs = covered(text, path, fold=world.fold, directory=directory)
            assert ours == theirs, f"{text!r} {path!r} directory={directory} in {world.name}, seed {SEED}"


def _ignored(repository: Path, patterns: list[str], subjects: list[str], *, fold: bool) -> set[tuple[int, str]]:
    """Which subject git ignores by which pattern: each pattern stands in a folder of its own, asked in one process."""
    for at, pattern in enumerate(patterns):
        (repository / str(at)).mkdir(exist_ok=True)
        (repository / str(at) / ".gitignore").write_text(f"/{pattern}\n")
    asked = "\0".join(f"{at}/{path}" for at in range(len(patterns)) for path in subjects) + "\0"
    command = ["git", "-c", f"core.ignoreCase={str(fold).lower()}", "check-ignore", "--no-index", "--stdin", "-z"]
    done = subprocess.run(command, cwd=repository, input=asked.encode(), capture_output=True)
    assert done.returncode in (0, 1), done.stderr
    answers = [answer.split("/", 1) for answer in done.stdout.decode().split("\0") if answer]
    return {(int(at), path) for at, path in answers}


def _git_speaks_of(path: str) -> bool:
    """Paths that git itself refuses or cannot mean are not asked."""
    return not any(name.lower() in {".", "..", ".git"} for name in path.split("/"))


def _same_for_git(world: World, pattern: str) -> bool:
    """git departs from its own words twice.

    Folding forgets the single capitals of a class: `[A]` never matches `a` (wildmatch.c). And `match_pathname` (dir.c)
    cuts off the plain beginning of a pattern, so that the stars of `a**/b` seem to stand alone.
    """
    return not (world.fold and ("[A]" in pattern or "[^B]" in pattern)) and not re.search(r"[^/*]\*\*", pattern)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_git_ignores_the_same_paths(world: World, tmp_path: Path, git):
    git(tmp_path, "init", "-q")
    chance = random.Random(SEED)
    patterns = [text for text in lawful(world, COUNT, chance) if _same_for_git(world, text)]
    subjects = [path for path in chance.sample(world.paths, min(300, len(world.paths))) if _git_speaks_of(path)]
    ignored = _ignored(tmp_path, patterns, subjects, fold=world.fold)
    assert ignored, "git ignored nothing: the comparison is empty"
    for at, pattern in enumerate(patterns):
        for path in subjects:
            ours = covers((pattern,), path, fold=world.fold)
            assert ours == ((at, path) in ignored), f"{pattern!r} {path!r} in {world.name}, seed {SEED}"


def test_git_agrees_on_every_character_of_every_named_class(tmp_path: Path, git):
    git(tmp_path, "init", "-q")
    names = list(NAMED)
    patterns = [f"x[[:{name}:]]" for name in names] + [f"x[^[:{name}:]]" for name in names]
    subjects = ["x" + chr(code) for code in range(1, 128) if chr(code) != "/"]
    ignored = _ignored(tmp_path, patterns, subjects, fold=False)
    for at, pattern in enumerate(patterns):
        assert {path for path in subjects if covers((pattern,), path)} == {path for a, path in ignored if a == at}


def test_git_agrees_on_directories_that_exist(tmp_path: Path, git):
    git(tmp_path, "init", "-q")
    patterns = lawful(PLAIN, 50, random.Random(SEED))
    subjects = [path for path in paths(words("ab", 2), 2) if _git_speaks_of(path)]
    for at in range(len(patterns)):
        for path in subjects:
            (tmp_path / str(at) / path).mkdir(parents=True, exist_ok=True)
    ignored = _ignored(tmp_path, patterns, subjects, fold=False)
    assert ignored
    for at, pattern in enumerate(patterns):
        for path in subjects:
            assert covers((pattern,), path, directory=True) == ((at, path) in ignored), f"{pattern!r} {path!r} {SEED}"


def _same_for_pathspec(pattern: str) -> bool:
    """pathspec knows no named classes and no `***`, a negated class of it matches a slash, and `**/` of it a file."""
    apart = any(text in pattern for text in ("[[:", "[!", "[^", "***")) or pattern.endswith("**/")
    return not apart and not re.search(r"[^/*]\*\*|\*\*[^/*]", pattern)


def test_pathspec_agrees():
    chance = random.Random(SEED)
    patterns = [text for text in lawful(PLAIN, 2 * COUNT, chance) if _same_for_pathspec(text)]
    subjects = [path for path in chance.sample(PLAIN.paths, 200) if _git_speaks_of(path)]
    for pattern in patterns:
        spec = pathspec.GitIgnoreSpec.from_lines([f"/{pattern}"])
        for path in subjects:
            assert covers((pattern,), path) == spec.match_file(path), f"{pattern!r} {path!r} seed {SEED}"
