"""The parts of `make demo`: the stage, the agents, the troupe of processes, the screen, and the checker of promises."""
