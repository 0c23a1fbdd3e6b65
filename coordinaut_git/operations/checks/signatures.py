"""The signatures on the line, where the team asks for them."""

from coordinaut_git.operations.checks.finding import Exam, Finding
from coordinaut_git.render.words import number
from coordinaut_git.sync.signatures import vouched_for


def signatures(exam: Exam) -> Finding:
    """Whether what the remote has was signed by those whose signatures were asked for then."""
    workspace = exam.workspace
    known = workspace.coordinator.read()
    if workspace.team is None:
        return Finding("ok", "nothing is published, so nothing is signed")
    published = workspace.team.confirmed_upto(known)
    found = list(vouched_for(workspace.git_store, known.head, published))
    bad = next((one for one in found if one.signer is None), None)
    if bad:
        summary = f"operation {bad.seq:,} (commit {bad.commit[:12]}) has no good signature of a signer"
        advice = f"Ask whoever published it: git show --show-signature --no-patch {bad.commit[:12]}"
        return Finding("failed", summary, advice)
    if not found:
        return Finding("ok", "the team asks for no signatures")
    return Finding("ok", f"{number(len(found), 'signature')}, each of a signer of its time")
