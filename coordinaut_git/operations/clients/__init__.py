"""The programs that agents run in: where each keeps its MCP servers, and how an entry gets in and out of such a file.

Rule 1: a file is somebody else's: every byte that is not our entry stays as it is.
"""
