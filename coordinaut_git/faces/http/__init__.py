"""The hosted server: HTTP over one store for each team and project.

Rule 1: whoever may not see a team's project learns nothing of it, not even whether it is there.
Rule 2: a route stands once, in `table.py`: what it asks, what it answers, who may. The description of the API is grown
        from there.
Rule 3: what waits on a disk or a database runs in a thread; what waits for news holds none.
"""
