"""Log lines and pages on any terminal, with any text in them: nothing steers it, and no id is cut."""

import io

import pytest
from hypothesis import given, settings, strategies as st
from rich.console import Console, RenderableType

from audit.entry import EventEntry, Obligation, Reason
from audit.query import Stored, Story
from doorless.log.view import Found, follow_line, lines_of, log_listing, story_page
from issuer.entries import workflow_started
from issuer.workflows import Workflow
from tests.audit.samples import decision, event, name, outcome, refusal

HOSTILE = st.text(max_size=30) | st.sampled_from(
    [
        "\x1b[2J",
        "\x9b31m",
        "\u202eabc",
        "a\nb\rc",
        "\x07" * 9,
        "[bold red]x[/]",
        "\x7f",
        "\ud7ff\ufeff",
        "x" * 300,
    ]
)
DOCUMENTS = st.dictionaries(HOSTILE, HOSTILE | st.lists(HOSTILE, max_size=2), max_size=3)


def printed(thing: RenderableType, width: int) -> str:
    to = io.StringIO()
    Console(file=to, width=width, color_system=None).print(thing)
    return to.getvalue()


def unsafe(text: str) -> set[str]:
    return {letter for letter in text if not letter.isprintable() and letter not in "\n\t"}


@given(HOSTILE, HOSTILE, DOCUMENTS, HOSTILE, st.sampled_from([60, 80, 100, 200]))
@settings(max_examples=60, deadline=None)
def test_no_text_of_an_entry_speaks_to_the_terminal(
    workflow: str, text: str, document: dict[str, object], beside: str, width: int
) -> None:
    """Every field that an agent, a policy or an upstream may have chosen is escaped where a person reads it."""
    entry = decision(
        1,
        workflow=workflow,
        role=text,
        input=document | {"method": text, "service": text, "path": text, "query": text},
        reasons=[Reason(code=text, rule=text, message=text, audience="operator")],
        obligations=[Obligation(id=text, type=text, properties={"a": text})],
    )
    told = EventEntry(time=1, event="a.b", workflow=workflow, detail={"x": text, "y": text})
    stored = [Stored(0, entry), Stored(1, outcome(1)), Stored(2, told), Stored(3, refusal(2))]
    shown = printed(log_listing(lines_of(stored), width), width)
    shown += printed(story_page(Story(stored[0], None), Found(beside, beside)), width)
    shown += printed(story_page(Story(stored[0], stored[1]), Found(document)), width)
    shown += "".join(printed(follow_line(each), width) for each in stored)
    assert unsafe(shown) == set()


@given(HOSTILE)
@settings(max_examples=60, deadline=None)
def test_a_task_is_safe_in_the_log_itself(task: str) -> None:
    """What a workflow is for is the one text of an agent's starter in an event: capped printable ASCII."""
    workflow = Workflow(id="wf-1", role="crash-tracker", only=(), task=task, started_at=1, expires_at=2)
    detail = workflow_started(workflow, name(1), time_ms=1).detail
    assert all(value.isascii() and value.isprintable() for value in detail.values() if isinstance(value, str))
    assert len(str(detail["task"])) <= 256


@pytest.mark.parametrize("width", [60, 80, 100, 149, 150, 200])
def test_no_id_is_cut_at_any_width(width: int) -> None:
    """An id is there to be copied; a long target gives way. Without the two rows a column was one letter wide."""
    entry = decision(7, input={"method": "GET", "service": "notes", "path": "/" + "y" * 400, "query": ""})
    shown = printed(log_listing(lines_of([Stored(0, entry), Stored(1, event())]), width), width)
    assert name(7) in shown
    assert "workflow.started" in shown
    assert max(map(len, shown.splitlines())) <= width
    assert len(shown.splitlines()) <= 12


def test_an_allowed_act_without_an_outcome_is_marked() -> None:
    """Under way, or a crash came between; a denial has none, and is not marked."""
    stored = [
        Stored(0, decision(1)),
        Stored(1, decision(2, decision="deny")),
        Stored(2, decision(3)),
        Stored(3, outcome(3)),
    ]
    for width in (80, 200):
        shown = printed(log_listing(lines_of(stored), width), width)
        assert shown.count("no outcome") == 1
