"""Keepers of documents and a log; none knows what a task is."""
