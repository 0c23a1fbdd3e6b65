"""One table of everything that can be asked, and the handlers behind it."""
