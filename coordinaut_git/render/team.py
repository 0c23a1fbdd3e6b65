"""What people see of a team: what the remote has confirmed, what it has not, and what an exchange brought.

Rule 1: what is confirmed is said in few words; what is not, with the command that publishes it.
"""

from coordinaut_git.render.look import Look, Result
from coordinaut_git.render.words import number, text


def render_sync(result: Result, look: Look) -> str:
    """What came and what went, and what became of operations that had been provisional."""
    remote = look.paint(text(result["remote"]), "bold")
    lines = [f"{_moved(result, remote)}\n", *_fates(result, look)]
    if not result["confirmed"]:
        lines.append(look.paint(f"Not everything here is confirmed by {text(result['remote'])} yet.", "yellow") + "\n")
    return "".join(lines)


def render_sync_line(news: Result, look: Look) -> str:
    """One line, or a few, of `sync --watch`: what moved, or that the remote is away or back."""
    if "reachable" not in news:
        return render_sync(news, look)
    remote = text(news["remote"])
    if news["reachable"]:
        return f"{remote} answers again.\n"
    said = f"{text(news['message']).removesuffix('.')}; looking again now and then."
    return look.paint(said, "yellow") + "\n"


def render_meeting(team: Result, look: Look) -> str:
    """Where the team meets, and what the first exchange brought."""
    line = f"The team meets on {look.paint(text(team['remote']), 'bold')}, policy {text(team['policy'])}."
    if team.get("fetched") or team.get("pushed"):
        return f"{line} {_moved(team, text(team['remote']))}\n{''.join(_fates(team, look))}"
    return f"{line}\n"


def confirmation(lease: Result, remote: str | None, look: Look) -> str:
    """Whether the team's remote has confirmed a lease, as a line; empty where there is no team."""
    if not remote or lease.get("confirmed") is None:
        return ""
    if lease["confirmed"]:
        return look.paint(f"Confirmed by {text(remote)}.", "dim") + "\n"
    return look.paint(f"Provisional: {text(remote)} does not have it yet; run `coordinaut sync`.", "yellow") + "\n"


def unpublished_line(team: Result | None, look: Look) -> str:
    """How many operations the team's remote has not, and since when; empty where it has them all."""
    if not team or not team["unpublished"]:
        return ""
    remote, count = text(team["remote"]), team["unpublished"]
    verb, what = ("is", "it") if count == 1 else ("are", "them")
    since = _seen(team, look)
    said = f"{number(count, 'operation')} {verb} provisional: {remote} does not have {what} yet ({since})."
    return look.paint(f"{said} Publish {what}: `coordinaut sync`", "yellow") + "\n"


def team_words(team: Result | None, look: Look) -> str:
    """`origin seen 12 s ago`, for a line that says how things stand; empty where there is no team."""
    return f"{text(team['remote'])} {_seen(team, look)}" if team else ""


def _seen(team: Result, look: Look) -> str:
    return f"seen {look.distance(team['seenAt'])}" if team.get("seenAt") else "never seen from here"


def _moved(result: Result, remote: str) -> str:
    """What came and what went, in a sentence."""
    fetched, pushed = result["fetched"], result["pushed"]
    if fetched and pushed:
        return f"Got {number(fetched, 'operation')} from {remote}, and published {pushed:,} after them."
    if fetched:
        return f"Got {number(fetched, 'operation')} from {remote}; there was nothing to publish."
    if pushed:
        return f"Published {number(pushed, 'operation')} to {remote}; there was nothing new on it."
    return f"Nothing to do: {remote} has all there is here, and nothing new."


def _fates(result: Result, look: Look) -> list[str]:
    """What had been provisional and came out otherwise."""
    lines = [look.paint(text(one["message"]), "red") + "\n" for one in result["refused"]]
    lines += [
        f"{text(one['from'])} is {look.paint(text(one['to']), 'bold')} now: another clone had published that number.\n"
        for one in result["renumbered"]
    ]
    if lines:
        lines.append(look.paint("Whom it concerns has a letter about it: `coordinaut inbox`", "dim") + "\n")
    return lines
