"""After a run: what everybody was told against what is published. Complaints are sentences; none is what we want.

Rule 1: nothing here asks the protocol: operations are JSON, commands are what agents were told.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

import commits
from agents import Command, is_a_refusal, number_of
from published import everything

if TYPE_CHECKING:
    from team_world import TeamWorld


def complaints(world: "TeamWorld") -> Iterator[str]:
    """One sentence for each promise that the run broke."""
    if world.forged:
        yield from _untouched(world)
        return
    yield from _told(world)
    yield from _asked(world)
    yield from _refusals(world)
    yield from _in_order(world)
    yield from _letters(world)
    yield from _together(world)
    yield from commits.complaints(world)


def _told(world: "TeamWorld") -> Iterator[str]:
    """What was acknowledged has its fate on the line, and what was said to be confirmed was."""
    places = {body["id"]: body["seq"] for body in world.published.bodies}
    for command in world.commands:
        if command.told != "done" or command.operation is None:
            continue
        if command.operation not in places:
            yield f"{command} was acknowledged and has no place on the line"
        elif command.confirmed and command.operation in world.published.refused:
            yield f"{command} was confirmed and does not count: {world.published.refused[command.operation]}"
        elif command.confirmed and places[command.operation] > command.published:
            yield f"{command} was said to be confirmed before it was"
        elif command.confirmed and not command.fences <= world.published.fences[command.task, command.instance]:
            yield f"{command} was told of a fence that the published line does not know"


def _asked(world: "TeamWorld") -> Iterator[str]:
    """One operation of a command counts at most, and none if its agent was told that nothing came of it."""
    made: dict[int, list[str]] = defaultdict(list)
    for body in world.published.bodies:
        if body["id"] not in world.published.refused:
            made[number_of(body["id"])].append(body["id"])
    for number, ids in made.items():
        command: Command = world.commands[number]
        if len(ids) > 1:
            yield f"{command} counts {len(ids)} times: {ids}"
        if is_a_refusal(command):
            yield f"{command} was told {command.told} and counts: {ids}"
        if command.operation and command.operation not in ids:
            yield f"{command} was told of {command.operation}, and what counts is {ids}"


def _refusals(world: "TeamWorld") -> Iterator[str]:
    """Who was told on its own line that something was refused is not surprised later."""
    published = {body["id"] for body in world.published.bodies}
    for id_, machine in world.refused_somewhere.items():
        if id_ in published and id_ not in world.published.refused:
            yield f"{id_} was refused on {machine} and came to life again"


def _together(world: "TeamWorld") -> Iterator[str]:
    """After the faults all have one line, and the remote has it."""
    heads = {machine.name: machine.store.head() for machine in world.machines}
    if len({*heads.values(), world.remote.tip}) != 1:
        yield f"after {world.seed} the lines differ: {heads}, remote {world.remote.tip}"
    if not all(world.confirmed_at_the_end):
        yield f"at the end, with no more faults, a claim was not confirmed: {world.confirmed_at_the_end}"
    if world.kept_for_ever:
        yield f"at the end these leases had long expired, and could not be taken over: {world.kept_for_ever}"


def _in_order(world: "TeamWorld") -> Iterator[str]:
    """What was done one after the other in one clone is told in this order for ever."""
    places = {body["id"]: body["seq"] for body in world.published.bodies}
    for machine in world.machines:
        told = [places[id_] for id_ in machine.made if id_ in places]
        if told != sorted(told):
            yield f"what {machine.name} did is published in another order: {told}"


def _letters(world: "TeamWorld") -> Iterator[str]:
    """Who was told that something was done, and lost it, has a letter about it."""
    documents = world.machines[0].store.snapshot(world.remote.tip).documents
    letters = [json.loads(data) for path, data in everything(documents, "messages")]
    for command in world.commands:
        if command.operation in world.published.refused:
            about = f"msg_{command.operation.removeprefix('op_')}_"
            if not any(
                one["id"].startswith(about) and one.get("toAgentInstance") == command.instance for one in letters
            ):
                yield f"{command} was refused in the end, and nobody told {command.instance}"


def _untouched(world: "TeamWorld") -> Iterator[str]:
    """Nobody has taken what was forged, and nobody has lost anything by it."""
    published = {body["id"] for body in world.published.bodies}
    for machine in world.machines:
        points = list(machine.store.back(machine.store.head()))
        if any(head == world.forged for head, _ in points):
            yield f"{machine.name} goes on from what was forged"
        kept = published | {entry.id for _, entry in points}
        for command in world.commands:
            if command.machine == machine.name and command.operation and command.operation not in kept:
                yield f"{command} was acknowledged and is nowhere any more"
