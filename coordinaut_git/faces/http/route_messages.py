"""`messages`: what agents say to each other, without a checkout.

Rule 1: the server decides here as the command line does: through the coordinator, at the newest point.
"""

from itertools import islice

from starlette.responses import Response

from coordinaut_git.documents import Head
from coordinaut_git.faces.http.answers import answer
from coordinaut_git.faces.http.calls import Call
from coordinaut_git.faces.http.line import Json
from coordinaut_git.faces.http.models import MessagesAsked, MessageSent
from coordinaut_git.faces.http.problems import stale
from coordinaut_git.faces.http.projects import Line
from coordinaut_git.faces.http.values import expected_head
from coordinaut_git.protocol import people_views
from coordinaut_git.protocol.letters import letter_id
from coordinaut_git.protocol.model import Actor, Tool
from coordinaut_git.protocol.requests import PostMessage
from coordinaut_git.protocol.values import check_identifier


async def get(call: Call) -> Response:
    """The newest messages, or an instance's inbox with what it has not read first."""
    asked = call.asked(MessagesAsked)
    head, form = await call.read(lambda line: _shown(line, asked))
    return answer(form, head=head)


async def post(call: Call) -> Response:
    """201 and the message."""
    sent, if_match = PostMessage(**dict(call.sent(MessageSent))), call.header("if-match")
    expected = expected_head(if_match) if if_match else None
    head, form = await call.write(lambda line: _posted(line, sent, expected))
    return answer(form, 201, head=head)


def _shown(line: Line, asked: MessagesAsked) -> tuple[Head, Json]:
    head, state = line.coordinator.read()
    if asked.agentInstance is not None:
        check_identifier("an agent instance", asked.agentInstance)
        return head, people_views.inbox_view(state, asked.agentInstance, everything=True, limit=asked.limit)
    newest = islice(state.messages(), asked.limit)
    return head, {"messages": [people_views.message_form(state, one, read=None) for one in newest]}


def _posted(line: Line, sent: PostMessage, expected: Head | None) -> tuple[Head, Json]:
    head, state = line.coordinator.read()
    if expected is not None and expected != head:
        raise stale(head)
    known = state.instance(sent.from_agent_instance) if sent.from_agent_instance else None
    actor = Actor(
        instance=sent.from_agent_instance,
        agent=sent.from_agent or (known.name if known and known.name != known.id else None),
        thread_id=known.thread_id if known else None,
        tool=known.tool if known else Tool.UNKNOWN,
    )
    done = line.coordinator.run(sent, actor)
    assert done.operation is not None
    posted_id = letter_id(done.operation.id)
    posted = next(one for one in done.state.messages() if one.id == posted_id)
    return line.coordinator.head(), people_views.message_form(done.state, posted, read=False)
