"""The tools, grown from the operations table.

Rule 1: no tool is written here; the table says which there are, `words` what a model is told of them.
"""

from collections.abc import Mapping

from mcp_types import Tool, ToolAnnotations

from coordinaut_git.errors import invalid
from coordinaut_git.faces.mcp.schemas import input_schema
from coordinaut_git.faces.mcp.words import CORE, DESCRIPTIONS, OUTWARD, READS, REPEATABLE
from coordinaut_git.operations.table import BY_TOOL, Operation

PROFILE = "COORDINAUT_MCP_PROFILE"
PROFILES = ("all", "core")


def offered_tools(environ: Mapping[str, str]) -> dict[str, Operation]:
    """The operations of the profile that the environment asks for; raises invalid `bad_profile`."""
    profile = environ.get(PROFILE) or "all"
    if profile not in PROFILES:
        raise invalid("bad_profile", f"{PROFILE} is {profile!r}.", hint=f"Set it to {' or '.join(PROFILES)}.")
    return {name: one for name, one in BY_TOOL.items() if profile == "all" or name in CORE}


def described(operation: Operation) -> Tool:
    """A tool as it stands in the list."""
    name = operation.tool
    return Tool(
        name=name,
        description=DESCRIPTIONS[name],
        input_schema=input_schema(operation),
        annotations=_annotations(name),
    )


def _annotations(name: str) -> ToolAnnotations:
    """What differs from what the protocol takes for granted: a tool that writes, destroys and reaches out."""
    outward = None if name in OUTWARD else False
    if name in READS:
        return ToolAnnotations(read_only_hint=True, open_world_hint=outward)
    repeatable = True if name in REPEATABLE else None
    return ToolAnnotations(destructive_hint=False, idempotent_hint=repeatable, open_world_hint=outward)
