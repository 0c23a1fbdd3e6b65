"""A line of operations that somebody forges with git alone, going around the program."""

import os
import re
import subprocess

REF = "refs/coordinaut/state"
OPERATIONS = 135  # two checkpoints, and some after
_PARENT = re.compile(rb"^parent .*$", re.MULTILINE)
_TREE = re.compile(rb"\Atree .*")


class Line:
    """The line of commits of a project, to be forged with git alone; `commits[n]` is the one of operation n."""

    def __init__(self, root, git) -> None:
        self.root, self.git = root, git
        self.commits = git(root, "rev-list", "--reverse", REF).splitlines()

    def write(self, kind, data: bytes) -> str:
        words = ["git", "-C", self.root, "hash-object", "-w", "-t", kind, "--stdin"]
        return subprocess.run(words, input=data, capture_output=True, check=True).stdout.decode().strip()

    def read(self, name) -> bytes:
        words = ["git", "-C", self.root, "cat-file", "commit", name]
        return subprocess.run(words, capture_output=True, check=True).stdout

    def forge(self, number, change, *, drop=False) -> str:
        """Change the commit of operation `number`, put all later ones on top, move the ref; gives the forged id."""
        forged = parent = self.commits[number - 1]
        if not drop:
            data = change(self.read(self.commits[number]))
            forged = parent = self.write("commit", data)
        for name in self.commits[number + 1 :]:
            parent = self.write("commit", _PARENT.sub(b"parent " + parent.encode(), self.read(name), count=1))
        self.git(self.root, "update-ref", REF, parent)
        return forged

    def tree_with(self, number, path, content: bytes) -> bytes:
        """A tree line as of an operation, with one document changed."""
        index = {"GIT_INDEX_FILE": str(self.root / "forged.index")}
        blob = self.write("blob", content)
        for words in (
            ("read-tree", self.commits[number]),
            ("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}"),
            ("write-tree",),
        ):
            done = subprocess.run(["git", "-C", self.root, *words], env={**os.environ, **index}, capture_output=True)
            assert done.returncode == 0, done.stderr
        (self.root / "forged.index").unlink()
        return b"tree " + done.stdout.strip()

    def retree(self, number, tree: bytes) -> str:
        """Have the commit of operation `number` and all later ones keep a tree (a line of a commit); move the ref."""
        parent = self.commits[number - 1]
        for name in self.commits[number:]:
            data = _TREE.sub(tree, _PARENT.sub(b"parent " + parent.encode(), self.read(name), count=1), count=1)
            parent = self.write("commit", data)
        self.git(self.root, "update-ref", REF, parent)
        return parent
