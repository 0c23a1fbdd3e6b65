"""The git hooks: what the shims of the folder `hooks` call."""
