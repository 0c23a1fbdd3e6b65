"""Programs that make what the project ships besides its code: the reference pages, and releases."""
