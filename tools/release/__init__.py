"""Releases from Conventional Commits: `python -m tools.release`, explained in docs/release.md."""
