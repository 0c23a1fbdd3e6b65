"""The program of the MCP bundle: the server, as the package that pyproject.toml names has it."""

from coordinaut_git.faces.mcp.program import run

run()
