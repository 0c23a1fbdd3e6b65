"""Lines replayed from their first operation: the state at their end, and whether what is kept agrees with it."""
