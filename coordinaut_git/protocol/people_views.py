"""The outside forms of people: messages, inboxes, and who is present.

Rule 1: as in `views`: JSON objects with every name of CONTRACT, null where there is nothing.
"""

from collections.abc import Mapping
from itertools import chain, islice

from coordinaut_git.protocol.asking import Moment
from coordinaut_git.protocol.inbox import inbox, unread
from coordinaut_git.protocol.model import Instance, Message
from coordinaut_git.protocol.state import State
from coordinaut_git.protocol.values import Instant
from coordinaut_git.protocol.views import Json, lease_form

ACTIVE_MS = 15 * 60_000
"""An instance that was heard of within this time, or holds a lease that has not expired, is active."""


def message_form(state: State, message: Message, *, read: bool | None) -> Json:
    """CONTRACT's Message, and the display id of the task it is about; `read` is None where nobody's inbox is meant."""
    task = state.task(message.task_id) if message.task_id else None
    return {
        "id": message.id,
        "kind": str(message.kind),
        "fromAgent": message.from_agent,
        "fromAgentInstance": message.from_agent_instance,
        "toAgentInstance": message.to_agent_instance,
        "toAgent": message.to_agent,
        "broadcast": message.broadcast,
        "mentions": list(message.mentions),
        "taskId": message.task_id,
        "displayId": task.display_id if task else None,
        "text": message.text,
        "at": str(message.at),
        "read": read,
    }


def inbox_view(state: State, instance: str, *, everything: bool, limit: int) -> Json:
    """`{"messages", "unread"}`: the unread ones, newest first, then if asked for those that were read."""
    new = list(unread(state, instance))
    ids = {message.id for message in new}
    old = (message for message in inbox(state, instance) if message.id not in ids) if everything else ()
    shown = chain(((message, False) for message in new), ((message, True) for message in old))
    return {
        "messages": [message_form(state, message, read=read) for message, read in islice(shown, limit)],
        "unread": len(new),
    }


def presence_view(state: State, heard: Mapping[str, int], moment: Moment, *, everything: bool) -> Json:
    """`{"instances"}`, the last heard of first. `heard` is when this machine last heard of each, in epoch ms."""
    holders = {lease.agent_instance for lease in state.leases().values()}
    ids = {instance.id for instance in state.instances()} if everything else holders | set(heard)
    known = [instance for instance_id in ids if (instance := state.instance(instance_id))]
    shown = [_instance_form(state, instance, heard.get(instance.id, 0), moment) for instance in known]
    shown = [one for one in shown if everything or one["active"] or one["leases"]]
    return {"instances": sorted(shown, key=lambda one: (one["lastSeenAt"], one["id"]), reverse=True)}


def _instance_form(state: State, instance: Instance, heard_ms: int, moment: Moment) -> Json:
    leases = state.leases_of(instance.id)
    seen = Instant(max(instance.last_seen_at, heard_ms))
    holds = any(not moment.expired(lease) for lease in leases)
    return {
        "id": instance.id,
        "name": instance.name,
        "threadId": instance.thread_id,
        "tool": str(instance.tool),
        "startedAt": str(instance.started_at),
        "lastSeenAt": str(seen),
        "active": holds or moment.local - seen < ACTIVE_MS,
        "leases": [lease_form(lease, moment) for lease in leases],
    }
