"""Pure: from a view to text for people."""
