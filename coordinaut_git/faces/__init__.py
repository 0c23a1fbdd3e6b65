"""The ways in: thin, and strangers to each other."""
