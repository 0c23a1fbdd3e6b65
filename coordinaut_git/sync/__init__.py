"""Several clones, one line: the remote's ref is the judge."""
