"""`state`: the whole line at a point, and operations added to it.

Rule 1: history is never replaced. What is sent must be what the line says already, and what may follow on it.
"""

from starlette.responses import Response

from coordinaut_git.documents import Head
from coordinaut_git.faces.http.answers import answer, nothing_new
from coordinaut_git.faces.http.appending import Appended, append, begin
from coordinaut_git.faces.http.calls import Call
from coordinaut_git.faces.http.line import Json, state_form
from coordinaut_git.faces.http.models import StateAsked, StateSent
from coordinaut_git.faces.http.projects import Line
from coordinaut_git.faces.http.values import is_held


async def get(call: Call) -> Response:
    """The state; 304 where the client has it."""
    asked, held = call.asked(StateAsked), call.header("if-none-match")

    def read(line: Line) -> tuple[Head, Json | None]:
        newest = line.head()
        head = Head(asked.head) if asked.head is not None else newest
        if is_held(held, head):
            return head, None
        return head, state_form(line.store, head, documents=asked.documents)

    head, form = await call.read(read)
    return nothing_new(head) if form is None else answer(form, head=head)


async def put(call: Call) -> Response:
    """200 with the new head; 201 for a project that this has begun."""
    sent = call.sent(StateSent)
    if call.begins():
        return _answer(await call.write(lambda line: begin(line, sent), begins=True), 201)
    expected = call.expected()
    return _answer(await call.write(lambda line: append(line, expected, sent)), 200)


def _answer(done: Appended, status: int) -> Response:
    return answer({"head": done.head, "seq": done.seq}, status, head=done.head)
