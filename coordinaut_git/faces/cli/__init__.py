"""The command line, grown from the operations table."""
