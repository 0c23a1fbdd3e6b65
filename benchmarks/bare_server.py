"""The least that an MCP server on the SDK can be: the floor for ours."""

from mcp.server import MCPServer

server = MCPServer("bare")


@server.tool()
def echo(text: str) -> str:
    """Give it back."""
    return text


server.run()
