"""The reference pages, written from the commands themselves: `python -m tools.reference`."""
