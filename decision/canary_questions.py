"""The questions of canaries, made from a route of the catalogue: complete, about nobody and nothing that exists; pure."""

from decision.catalogue import Route
from decision.change import BaseFact, ChangeFacts, FileFact, Person, RefFact, Totals
from decision.config import Configuration
from decision.jury import JurorFact, JuryFinding, JuryQuestion, Vote
from decision.output import EXAMPLE_SHA256
from decision.question import Approval, ChangeQuestion, RequestQuestion, TokenQuestion
from decision.route_template import Parameter, parse_template

STRANGER = "doorless-canary"
"""A role, service and scope word that no configuration should declare."""

WORKFLOW = "wf-canary"


def jury_asked(now: int, votes: tuple[Vote, ...]) -> JuryQuestion:
    """The votes of a jury of two."""
    roster = (
        JurorFact(name="one", vendor="one", model="canary"),
        JurorFact(name="two", vendor="two", model="canary"),
    )
    return JuryQuestion(now=now, type="create-pr", digest="0" * 64, roster=roster, votes=votes)


PASS = Vote(juror="two", verdict="pass", confidence=100)
VETO = Vote(
    juror="one",
    verdict="veto",
    confidence=100,
    findings=(JuryFinding(title="It would do harm.", quote="harm"),),
)


def request_asked(role: str, route: Route, now: int) -> RequestQuestion:
    """A call of a route, whose parameters are all the same."""
    segments = parse_template(route.path)
    texts = ["canary" if isinstance(segment, Parameter) else segment.text for segment in segments]
    return RequestQuestion(
        now=now,
        workflow=WORKFLOW,
        role=role,
        scope=(route.scope_word,),
        service=route.service,
        route=route.id,
        action=route.action,
        data=route.data,
        method=route.method,
        path="/" + "/".join(texts),
        params={segment.name: "canary" for segment in segments if isinstance(segment, Parameter)},
        query="",
        body_bytes=0,
        content_type="",
    )


def stranger_asked(now: int) -> RequestQuestion:
    """A call of what is not there."""
    return RequestQuestion(
        now=now,
        workflow=WORKFLOW,
        role=STRANGER,
        scope=(STRANGER,),
        service=STRANGER,
        route=STRANGER,
        action=STRANGER,
        data="",
        method="GET",
        path=f"/{STRANGER}",
        params={},
        query="",
        body_bytes=0,
        content_type="",
    )


def token_asked(role: str, now: int) -> TokenQuestion:
    """A workflow's first tokens."""
    return TokenQuestion(now=now, workflow=WORKFLOW, role=role, only=(), ttl_s=300, renewal=False)


def change_asked(role: str, route: Route, now: int) -> ChangeQuestion:
    """A push of one new file."""
    me, namespace = Person(name=WORKFLOW, email=WORKFLOW), f"refs/heads/agent/{WORKFLOW}/"
    old, new = "1" * 40, "2" * 40
    file = FileFact(
        path=STRANGER,
        folded=STRANGER,
        change="add",
        old_mode="",
        new_mode="100644",
        lines=1,
        bytes=1,
        binary=False,
    )
    facts = ChangeFacts(
        refs=(RefFact(name=f"{namespace}canary", old=old, new=new, change="update"),),
        base=BaseFact(ref="main", commit=old),
        head=new,
        merge_base=old,
        files=(file,),
        touched=(),
        commits=(),
        secrets=(),
        irregular=(),
        totals=Totals(files=1, lines=1, bytes=1),
    )
    return ChangeQuestion(
        now=now,
        workflow=WORKFLOW,
        role=role,
        scope=(route.scope_word,),
        service=route.service,
        repository="",
        action="create-branch",
        data=route.data,
        via="push",
        identity=me,
        namespace=namespace,
        facts=facts,
        findings=(),
        evidence={},
        require=(),
    )


def granted_beforehand(configuration: Configuration, template: str, now: int) -> Approval:
    """A standing grant of all who may approve."""
    known = configuration.compiled["approvals"].get(template, {"approvers": {}})
    return Approval(
        hold="g-canary",
        template=template,
        approvers=tuple(known["approvers"]),
        call_sha256=EXAMPLE_SHA256,
        nonce="canary",
        approved_at=now,
        expires_at=now + 60,
        revision_matches=True,
        standing=True,
    )
