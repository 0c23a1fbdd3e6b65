"""What an operation may hold at all: bounds, ids, text, patterns.

Rule 1: asked by `rules.unlawful` of every operation, one that was just decided as well as one that came from afar.
Rule 2: what is refused here makes no sense in any state.
"""

import re
from collections.abc import Callable
from functools import partial, singledispatch
from typing import TypeVar

from coordinaut_git.errors import invalid
from coordinaut_git.protocol.holding import check_parts, parts_of
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.ops import (
    Change,
    HandoffAnswered,
    HandoffRequested,
    HandoffsKept,
    LeasesRenewed,
    MessagePosted,
    MessagesRead,
    Operation,
    SchemaMigrated,
    SignersSet,
    StateMoved,
    TaskClaimed,
    TaskCreated,
    TaskReleased,
    TaskUpdated,
)
from coordinaut_git.protocol.scope import check_scope
from coordinaut_git.protocol.values import (
    LAST_INSTANT,
    NAME_CHARS,
    Instant,
    check_identifier,
    check_line,
    check_text,
    clip,
)

SHORTEST_TERM_MS = 1_000
LONGEST_TERM_MS = 30 * 24 * 3_600_000
LOWEST_PRIORITY = 4
MAX_LISTED = 64
THREAD_CHARS = 128
HANDOFF_HINT = "List them: coordinaut handoff list"
LARGEST_FORMAT = 1_000_000
PLACE_CHARS = 1_024
SIGNER_CHARS = 4_096

T = TypeVar("T")

_OPERATION_ID = re.compile(r"op_[0-9a-z]{8,64}\Z")
_HANDOFF_ID = re.compile(r"handoff_[0-9]{8}_[0-9a-z]{1,64}\Z")
_COMMIT_ID = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64})\Z")
_MESSAGE_ID = re.compile(r"msg_[0-9A-Za-z_]{1,150}\Z")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_DISPLAY_ID = re.compile(r"AGT-[0-9]{8}-([0-9]{3}|[1-9][0-9]{3,8})\Z")
_SIGNER = re.compile(
    r"[^\s#]\S* (?:\S+ )*(?:(?:sk-)?(?:ssh|ecdsa)-\S+ [A-Za-z0-9+/]+=*|openpgp [0-9A-F]{40,64})(?: .*)?\Z"
)
_STORAGE = re.compile(r"[a-z][a-z0-9-]{0,31}\Z")
_TASK_ID = re.compile(r"task_([0-9]{8})_([0-9]{3}|[1-9][0-9]{3,8})_[0-9a-z]{1,64}\Z")


def check_operation(operation: Operation) -> None:
    """Raise an invalid `CoordinautError` for an operation that no state could take."""
    if not _OPERATION_ID.match(operation.id):
        raise invalid("bad_operation_id", f"{clip(operation.id)!r} is not an operation id.")
    check_instant(operation.at)
    check_actor(operation.actor)
    _check_count("leases", operation.renewals)
    for renewal in operation.renewals:
        check_task_id(renewal.task_id)
        check_term(renewal.term_ms)
    _check_count("tasks", operation.about)
    for task_id in operation.about:
        check_task_id(task_id)
    _if_there(operation.refused, check_code, empty=False)
    check_change(operation.change)


def check_code(code: str) -> None:
    """The code of a rule."""
    if not _CODE.match(code):
        raise invalid("bad_refusal", f"{clip(code)!r} is not the code of a refusal.")


def check_instant(at: Instant) -> None:
    """An instant that can be written, as can the end of the longest lease from there."""
    if not 0 <= at <= LAST_INSTANT - LONGEST_TERM_MS:
        raise invalid("bad_instant", f"The instant {clip(str(int(at)))} ms is out of range.")


def check_files(files: tuple[str, ...]) -> None:
    """A scope in its normal form: two that are written in two ways would not be seen to meet."""
    if check_scope(files) != files:
        raise invalid("bad_pattern", "The scope is not in its normal form: it has a pattern twice, or one with ./")


def check_actor(actor: Actor) -> None:
    """Ids and names that can stand in paths, headers and trailers."""
    _if_there(actor.instance, lambda text: check_identifier("an agent instance", text))
    _if_there(actor.agent, lambda text: check_line("the agent's name", text, NAME_CHARS))
    _if_there(actor.thread_id, lambda text: check_line("the thread", text, THREAD_CHARS))


def check_task_id(task_id: str) -> None:
    """A stable id as `references.stable_id` makes them."""
    if not _TASK_ID.match(task_id):
        raise invalid("bad_task_id", f"{clip(task_id)!r} is not a task's stable id.")


def check_handoff_id(handoff_id: str) -> None:
    """An id as `references.new_handoff_id` makes them."""
    if not _HANDOFF_ID.match(handoff_id):
        raise invalid("bad_handoff_id", f"{clip(handoff_id)!r} is not a handoff's id.", hint=HANDOFF_HINT)


def check_commit_id(commit: str) -> None:
    """The whole id of a git commit, SHA-1 or SHA-256."""
    if not _COMMIT_ID.match(commit):
        raise invalid("bad_commit_id", f"{clip(commit)!r} is not a commit's id.")


def check_term(term_ms: int) -> None:
    """How long a lease can last."""
    if not SHORTEST_TERM_MS <= term_ms <= LONGEST_TERM_MS:
        raise invalid("bad_duration", f"A lease cannot last {clip(str(term_ms))} ms.", hint="Give between 1s and 30d.")


def check_priority(priority: int) -> None:
    """0 is the highest."""
    if not 0 <= priority <= LOWEST_PRIORITY:
        raise invalid("bad_priority", f"{clip(str(priority))} is not a priority.", hint="Give 0 (highest) to 4.")


@singledispatch
def check_change(change: Change) -> None:
    """The part that differs from operation to operation."""
    raise NotImplementedError(type(change))


@check_change.register
def _(change: TaskCreated) -> None:
    check_task_id(change.task_id)
    if not (found := _TASK_ID.match(change.task_id)) or change.display_id != f"AGT-{found[1]}-{found[2]}":
        raise invalid("bad_task_id", f"{clip(change.display_id)!r} is not the display id of {change.task_id}.")
    check_line("the title", change.title)
    if change.known_as is not None and not _DISPLAY_ID.match(change.known_as):
        raise invalid("bad_task_id", f"{clip(change.known_as)!r} is not a display id.")
    _if_there(change.scope, lambda text: check_line("the scope", text))
    _if_there(change.files, check_files)
    check_priority(change.priority)
    _check_dependencies(change.depends_on)


@check_change.register
def _(change: TaskUpdated) -> None:
    check_task_id(change.task_id)
    _if_there(change.title, lambda text: check_line("the title", text), empty=False)
    _if_there(change.scope, lambda text: check_line("the scope", text))
    _if_there(change.next, lambda text: check_text("the next step", text))
    _if_there(change.files, check_files)
    _if_there(change.priority, check_priority, empty=False)
    _if_there(change.depends_on, _check_dependencies)
    _check_count("checks", change.checks)
    _check_count("blockers", change.blockers)
    for check in change.checks:
        check_line("the check's name", check.name)
        check_instant(check.at)
    for blocker in change.blockers:
        check_text("the blocker", blocker)


@check_change.register
def _(change: TaskClaimed) -> None:
    check_task_id(change.task_id)
    check_files(change.files)
    check_parts(parts_of(change))
    check_term(change.term_ms)
    _if_there(change.reason, lambda text: check_text("the takeover reason", text), empty=False)


@check_change.register
def _(change: TaskReleased) -> None:
    check_task_id(change.task_id)
    _if_there(change.reason, lambda text: check_text("the reason", text))


@check_change.register
def _(change: LeasesRenewed) -> None:
    _if_there(change.task_id, check_task_id)


@check_change.register
def _(change: MessagePosted) -> None:
    check_text("the message", change.text)
    _if_there(change.to_agent_instance, lambda text: check_identifier("an agent instance", text))
    _if_there(change.to_agent, lambda text: check_line("the agent's name", text, NAME_CHARS))
    _if_there(change.task_id, check_task_id)
    _check_count("mentions", change.mentions)
    for name in change.mentions:
        check_line("a mention", name, NAME_CHARS)
    if not (change.to_agent_instance or change.to_agent or change.broadcast or change.mentions):
        raise invalid(
            "no_recipient",
            "The message is for nobody.",
            hint="Give --to-agent-instance, --to-agent, --broadcast, the --task of a holder, or mention @somebody.",
        )


@check_change.register
def _(change: HandoffRequested) -> None:
    check_handoff_id(change.handoff_id)
    check_task_id(change.task_id)
    check_identifier("an agent instance", change.owner)
    check_files(change.files)
    check_term(change.term_ms)
    check_text("the reason", change.reason)


@check_change.register
def _(change: HandoffAnswered) -> None:
    check_handoff_id(change.handoff_id)
    check_task_id(change.task_id)
    _if_there(change.response, lambda text: check_text("the response", text))


@check_change.register
def _(change: HandoffsKept) -> None:
    _check_count("handoffs", change.handoffs)
    for handoff_id in change.handoffs:
        check_handoff_id(handoff_id)
    _if_there(change.commit, check_commit_id, empty=False)
    _if_there(change.task_id, check_task_id)


@check_change.register
def _(change: MessagesRead) -> None:
    _check_count("messages", change.messages)
    if not change.messages:
        raise invalid("no_messages", "No messages were named.", hint="Give --messages ID,… or --all.")
    for message_id in change.messages:
        if not _MESSAGE_ID.match(message_id):
            raise invalid("bad_message_id", f"{clip(message_id)!r} is not a message id.", hint="See: coordinaut inbox")


@check_change.register
def _(change: SchemaMigrated) -> None:
    if not 0 <= change.from_format <= change.to_format <= LARGEST_FORMAT:
        formats = f"{clip(str(change.from_format))} to {clip(str(change.to_format))}"
        raise invalid("bad_format", f"From format {formats} there is no migration.")


@check_change.register
def _(change: StateMoved) -> None:
    for storage in (change.from_, change.to):
        if not _STORAGE.match(storage):
            raise invalid("bad_storage", f"{clip(storage)!r} is not the name of a storage.")
    if change.from_ == change.to:
        raise invalid("bad_storage", f"The state cannot move from {change.from_} to {change.to}.")
    for what in ("state_dir", "remote_url", "team", "project"):
        _if_there(getattr(change, what), partial(check_line, f"the {what}", chars=PLACE_CHARS))
    _if_there(change.task_id, check_task_id)


@check_change.register
def _(change: SignersSet) -> None:
    _check_count("signers", change.signers)
    for line in change.signers:
        check_signer(line)
    _if_there(change.task_id, check_task_id)


def check_signer(line: str) -> None:
    """A line that names somebody and a key: `NAME ssh-ed25519 AAAA…`, or `NAME openpgp FINGERPRINT`."""
    check_line("the signer", line, SIGNER_CHARS)
    if not _SIGNER.match(line):
        raise invalid(
            "bad_signer",
            f"{clip(line)!r} names no key.",
            hint="Write lines as in git's gpg.ssh.allowedSignersFile: ann@example.com ssh-ed25519 AAAA…",
        )


def _if_there(value: T | None, check: Callable[[T], object], *, empty: bool = True) -> None:
    """Check what was said; where `empty` is fine, an empty value says nothing."""
    if value is not None and (value or not empty):
        check(value)


def _check_dependencies(depends_on: tuple[str, ...]) -> None:
    _check_count("dependencies", depends_on)
    for task_id in depends_on:
        check_task_id(task_id)


def _check_count(what: str, items: tuple[object, ...]) -> None:
    if len(items) > MAX_LISTED:
        raise invalid("too_many", f"{len(items)} {what} are too many; at most {MAX_LISTED} are kept.")
