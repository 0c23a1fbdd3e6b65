"""The line of history on one ref of the repository."""
