"""What was: the line as it stood at any instant, and who did what to a task or a path.

Rule 1: the line alone is the truth. What is kept beside it to find things quickly may be thrown away at any time.
"""
