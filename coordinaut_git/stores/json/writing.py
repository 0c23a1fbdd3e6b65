"""One or more operations on their way into both files: the lines of the log, and the state after them."""

from collections.abc import Mapping
from typing import Any

from coordinaut_git.documents import FORMAT, Entry
from coordinaut_git.stores.json.log_file import Boot, line_of
from coordinaut_git.stores.json.state_file import Header, State, form_text
from coordinaut_git.wire import document_form


class Writing:
    """Collects operations after the state `before`; nothing is written here."""

    def __init__(self, before: State) -> None:
        self.before = before
        self.lines: list[bytes] = []
        self._head, self._form, self._seq = before.header.head, before.header.format, before.header.seq
        self._texts = dict(before.texts)

    def add(self, entry: Entry, changes: Mapping[str, bytes | None], boot: Boot | None) -> None:
        """Add an operation that changes these documents; those that stay as they are are left out of its line."""
        changed: dict[str, Any] = {}
        for path, content in sorted(changes.items()):
            form = None if content is None else document_form(content)
            text = None if content is None else form_text(form)
            if text == self._texts.get(path):
                continue
            changed[path] = form
            if text is None:
                del self._texts[path]
            else:
                self._texts[path] = text
        self._append(entry, changed, whole=False, boot=boot)

    def replace(self, entry: Entry, documents: Mapping[str, bytes], boot: Boot | None) -> None:
        """Add an operation that writes all documents, in the newest format."""
        forms = {path: document_form(content) for path, content in sorted(documents.items())}
        self._texts = {path: form_text(form) for path, form in forms.items()}
        self._form = FORMAT
        self._append(entry, forms, whole=True, boot=boot)

    def after(self) -> State:
        """The state after all of them."""
        first = self.before.header
        return State(
            Header(
                format=self._form,
                head=self._head,
                seq=self._seq,
                previous=first.head,
                log_bytes=first.log_bytes + sum(map(len, self.lines)),
            ),
            self._texts,
        )

    def _append(self, entry: Entry, changes: Mapping[str, Any], *, whole: bool, boot: Boot | None) -> None:
        self._head, line = line_of(self._head, entry, self._form, changes, whole=whole, boot=boot)
        self._seq = entry.seq
        self.lines.append(line)
