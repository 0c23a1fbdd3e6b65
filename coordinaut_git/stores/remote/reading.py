"""What the server's answers hold: points, operations, documents, read strictly.

Rule 1: what is not of the form that is documented is an error in words (`bad_answer`), never half used.
"""

from coordinaut_git.documents import Documents, Entry, Head, Snapshot
from coordinaut_git.errors import CoordinautError, environment
from coordinaut_git.stores.remote import answers
from coordinaut_git.stores.remote.address import Address
from coordinaut_git.stores.remote.answers import MISSING, Json
from coordinaut_git.stores.remote.known import Event
from coordinaut_git.stores.remote.layers import Layers
from coordinaut_git.stores.remote.transport import Answer
from coordinaut_git.wire import Unreadable, document_of, entry_of


class Reader:
    """Reads the answers of one server."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def value(self, answer: Answer, *expected: int) -> Json:
        """The JSON of an answer of an expected status; raises the error that another one stands for."""
        if answer.status in expected:
            return answers.json_of(self.address, answer)
        raise self.error(answer)

    def error(self, answer: Answer) -> CoordinautError:
        """The error that an answer stands for."""
        code = answers.code_of(answer) if answer.status == MISSING else ""
        if code == "no_project":
            return answers.no_project(self.address)
        if code == "unknown_head":
            return environment(
                "unknown_head",
                f"The line on {self.address.server} does not have a point that it had.",
                hint="Was the server's data put back from an older copy? Ask whoever runs it.",
            )
        return answers.error_of(self.address, answer)

    def head(self, value: Json) -> Head:
        """The newest point that an answer names."""
        head = value.get("head")
        if isinstance(head, str) and head:
            return Head(head)
        raise self._bad("it names no head")

    def number(self, value: Json, key: str) -> int:
        """A number from 0."""
        number = value.get(key)
        if type(number) is int and number >= 0:
            return number
        raise self._bad(f"its {key} is no number")

    def events(self, value: Json, key: str = "events") -> list[Event]:
        """Operations, each with the head that it made where that is told, numbered without a gap."""
        forms = value.get(key)
        if not isinstance(forms, list):
            raise self._bad(f"it has no list of {key}")
        events = [self._event(form) for form in forms]
        numbers = [event.entry.seq for event in events]
        if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise self._bad(f"the numbers of its {key} have gaps")
        return events

    def documents(self, value: Json) -> Layers:
        """The documents."""
        forms = value.get("documents")
        if not isinstance(forms, dict):
            raise self._bad("it has no documents")
        try:
            return Layers.of({path: document_of(form) for path, form in forms.items()})
        except Unreadable as error:
            raise self._bad(f"a document cannot be read: {error}") from None

    def snapshot(self, value: Json) -> Snapshot:
        """A whole state."""
        documents: Documents = self.documents(value)
        entries = tuple(event.entry for event in self.events(value, "entries"))
        return Snapshot(
            head=self.head(value), seq=self.number(value, "documentsSeq"), documents=documents, entries=entries
        )

    def _event(self, form: object) -> Event:
        head = None
        if isinstance(form, dict) and "head" in form:
            form = dict(form)
            head = form.pop("head")
            if not isinstance(head, str) or not head:
                raise self._bad("an operation's head is no name")
        try:
            entry: Entry = entry_of(form)
        except Unreadable as error:
            raise self._bad(f"an operation cannot be read: {error}") from None
        return Event(Head(head) if head else None, entry)

    def _bad(self, why: str) -> CoordinautError:
        return answers.bad_answer(self.address, answers.clean(why, 120))
