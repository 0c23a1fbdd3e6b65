"""What a person wants to know of a command beyond its first sentence; shown by --help, docs/cli.md and the man page.

Rule 1: the first sentence of a command is its request's; here stands what it comes to on a command line.
"""

from collections.abc import Mapping

NOTES: Mapping[str, str] = {
    "init": """\
State lives on one ref of the repository, refs/coordinaut/state, which all its worktrees share; --storage and
--state-dir have it live in a folder of files, or on a server, whose token comes from COORDINAUT_TOKEN. Nothing
else is touched, but for the coordinaut.* keys of git's configuration that say so.

With --remote, clones share one line by way of that remote: the line that is there is joined, or else published. With
--policy confirmed, a claim that the remote could not confirm is refused.

With --agents, a few marked lines in AGENTS.md tell agents how to work here; Claude Code gets them in CLAUDE.md where
there is one, Gemini CLI in GEMINI.md. Running it again brings them up to date.""",
    "status": """\
The most urgent tasks come first. A lease that has run out still shows, and still blocks.""",
    "create": """\
Patterns are those of .gitignore, from the root of the repository: src/api/ is a folder, src/**/*.py are all
such files below src. Quote them, or the shell puts file names in their place.""",
    "claim": """\
A claim that could ever touch a file of somebody else's lease is refused (exit code 1), and told who holds it,
until when, and where the two meet. Where nothing names an agent instance, the first claim in a worktree makes
one, which is remembered there.""",
    "update": """\
A task that somebody holds is updated by its holder only. Done and cancelled end the lease.""",
    "heartbeat": """\
Every ten minutes is plenty for a lease of thirty. History is written only when less than half of the term is
left.""",
    "release": """\
The files are free at once. Without --status the task is open again, or stays verifying or blocked where it
was.""",
    "mine": """\
What is named must all fit: an agent's name and a thread together list what both hold.""",
    "conflicts": """\
Asks without claiming. Leases of your own instance are not in your way.""",
    "message": """\
A message to an agent's name waits for every instance of it, also for those who come later.""",
    "inbox": """\
Showing a message does not mark it as read; inbox-read does.""",
    "inbox-read": """\
What one instance has read is still unread for the others.""",
    "presence": """\
Active is who holds a lease that has not run out, or was heard of in the last 15 minutes.""",
    "verify-worktree": """\
Changed, staged, renamed, deleted and untracked files all count; ignored ones do not. Exits with 1 if a file
is not covered, with the reason for each.""",
    "snapshot": """\
The board is for people to read; nothing reads it back.""",
    "watch": """\
With --follow, events come as they happen, from other processes and worktrees too, until you stop it; with
--json each is a line of its own.""",
    "sync": """\
Commands that grant, move or end a claim publish by themselves where a team's remote is set; sync brings the rest, and
what others did. What had been provisional and lost against others is refused, with a letter to whom it concerns. With
--watch it goes on, about every 15 seconds (coordinaut.fetchEvery), and tells what moved.""",
    "mcp-config": """\
Prints a whole file; where it belongs is said beside it. --write merges it into what is there: comments, order and
everything else stay, and to do it again changes nothing. --remove puts back what was there before. A project's file
starts coordinaut-mcp by its name, since others read it too; yours, with --user, from where it is installed.""",
    "doctor": """\
Says what is well, what is not, and what to do. It works before init, too.""",
    "completion": """\
The script asks coordinaut itself for what fits, so it stays good when coordinaut is updated: task ids with
their titles, instances, agents, messages, handoffs, remotes, files.""",
}
