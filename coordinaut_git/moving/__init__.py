"""One line of history moved from store to store: copied, compared, handed over, and finished after a stop."""
