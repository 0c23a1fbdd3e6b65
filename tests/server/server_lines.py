"""Entries for tests of the server: lawful operations, made by the protocol itself."""

from coordinaut_git.clock import RandomIds
from coordinaut_git.coordinator import Coordinator
from coordinaut_git.protocol.apply import apply
from coordinaut_git.protocol.model import Actor
from coordinaut_git.protocol.ops import from_entry
from coordinaut_git.protocol.requests import ClaimTask, CreateTask, PostMessage, ReleaseTask
from coordinaut_git.protocol.values import Instant
from coordinaut_git.stores.memory import MemoryStore
from coordinaut_git.wire import entry_form

START_MS = 1_795_000_000_000


class TickingClock:
    """One second later each time it is asked."""

    def __init__(self):
        self.now_ms = START_MS

    def now(self):
        self.now_ms += 1_000
        return Instant(self.now_ms)


class Writer:
    """Makes a line in memory, and gives its entries as they are sent."""

    def __init__(self):
        self.store = MemoryStore()
        self.store.create()
        self.coordinator = Coordinator(self.store, TickingClock(), RandomIds())

    def run(self, request, instance="agent_1"):
        return self.coordinator.run(request, Actor(instance=instance, agent=f"name of {instance}"))

    def work(self, number=1, instance="agent_1"):
        """A task that is created, claimed and let go: three operations and a message about it."""
        task = self.run(
            CreateTask(title=f"task {number}", files=(f"src/{number}/**",)), instance
        ).operation.change.task_id
        self.run(ClaimTask(task=task), instance)
        self.run(PostMessage(text=f"about {number}", broadcast=True), instance)
        self.run(ReleaseTask(task=task, reason="done"), instance)

    def claim(self, title, files, instance):
        """A task that is created and claimed: two operations."""
        task = self.run(CreateTask(title=title, files=(files,)), instance).operation.change.task_id
        self.run(ClaimTask(task=task), instance)

    @classmethod
    def after(cls, entries):
        """A writer on a copy of a line."""
        writer = cls()
        for entry in entries:
            state = apply(writer.coordinator.read().state, from_entry(entry), entry.seq)
            writer.store.commit(writer.store.head(), entry, state.changes)
        return writer

    @classmethod
    def replayed(cls, entries):
        """The state that these entries give."""
        return cls.after(entries).coordinator.read().state

    @property
    def entries(self):
        return list(self.store.log(self.store.head()))[::-1]

    @property
    def forms(self):
        return [entry_form(entry) for entry in self.entries]

    def documents(self):
        return self.coordinator.read().state.contents()


def opaque(seq, **more):
    """The form of an entry that is no operation: stores never look inside."""
    form = {
        "id": f"entry_{seq}",
        "seq": seq,
        "at": START_MS + seq,
        "summary": f"entry {seq}",
        "author": "somebody",
        "authorId": "agent_1",
        "operation": {"n": seq},
    }
    return {**form, **more}
