"""A coordinator for parallel coding agents whose state lives inside the git repository."""

__version__ = "0.1.0"
