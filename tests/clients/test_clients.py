"""Each shape of a refusal before the real clients that read it: they show the reason, and they ask once."""

import re
import shutil
from pathlib import Path

import pytest

from tests.clients.rig import CLIENTS, NODE, PROGRAMS, PYTHON, URL, ClientRig, Ran, target_of

OCTOKIT = Path(__file__).with_name("octokit")

CODES = {
    "action": "request.action_not_granted",
    "stream": "request.action_not_granted",
    "data": "request.data_not_granted",
    "hold": "hold_no_approver",
    "large": "request.body_too_large",
    "absent": "request.not_found",
    "unready": "obligation_failed",
    "down": "upstream.unreachable",
}
REMEDIES = {
    "request.action_not_granted": "GET /.doorless/self lists what this workflow may do.",
    "request.data_not_granted": "GET /.doorless/self lists what this workflow may do.",
    "hold_no_approver": "Leave this step to a person",
    "request.body_too_large": "bytes in one call.",
    "request.not_found": "GET /.doorless/self lists what this workflow may call.",
    "obligation_failed": "Ask the operator of this gateway to configure it",
    "upstream.unreachable": "Try again later",
}
LIBRARIES = {
    "openai": ["action", "stream", "data", "hold", "large", "absent", "unready", "down"],
    "anthropic": ["action", "stream", "data", "hold", "large", "absent", "unready"],
    "gemini": ["action", "data", "hold", "large", "absent", "unready"],
    "pygithub": ["action", "data", "hold", "large", "absent", "unready", "down"],
    "octokit": ["action", "data", "hold", "large", "absent", "unready", "down"],
    "mcp": ["action", "data", "hold", "absent", "unready"],
}
GH_SETTINGS = (
    "mkdir -p $HOME/.config/gh; printf 'http_unix_socket: /run/doorless/gw.sock\\n' > $HOME/.config/gh/config.yml; "
    "export GH_TOKEN=none"
)
PROGRAM_CALLS = {
    "gh": {
        "action": ["-X", "POST", "github/repos/o/r/pulls", "-f", "title=t"],
        "data": ["github/repos/o/r/branches/main"],
        "hold": ["-X", "DELETE", "github/repos/o/r"],
        "large": ["-X", "POST", "github/repos/o/r/issues", "-f", "body=" + "x" * 400],
        "absent": ["github/user"],
    },
    "git": {
        "action": [f"{URL}/git/closed/r.git"],
        "data": [f"{URL}/git/secret/r.git"],
        "hold": [f"{URL}/git/held/r.git"],
        "absent": [f"{URL}/git/nowhere"],
        "unready": [f"{URL}/git-unready/open/r.git"],
    },
}


def library(rig: ClientRig, name: str, *calls: str, role: str = "client", gone: bool = False) -> Ran:
    """Let a client library make calls, as `programs/` and `octokit/` say them."""
    if name == "octokit":
        folder = CLIENTS / "octokit"
        shutil.copy(OCTOKIT / "show.mjs", folder)
        [node] = (CLIENTS / "venv").glob(NODE)
        return rig.client(str(node), "show.mjs", *calls, folder=folder, role=role, gone=gone)
    return rig.client(str(PYTHON), f"with_{name}.py", *calls, folder=PROGRAMS, role=role, gone=gone)


def program(rig: ClientRig, name: str, *arguments: str, role: str = "client", gone: bool = False) -> Ran:
    """Start `gh api` or `git ls-remote` with these arguments."""
    argv = ["sh", "-c", f'{GH_SETTINGS}; exec gh api "$@"', "gh"] if name == "gh" else ["git", "ls-remote"]
    return rig.client(*argv, *arguments, folder=PROGRAMS, role=role, gone=gone)


def refused_in(ran: Ran) -> list[str]:
    """The targets of all decisions that did not reach a working upstream; only the control's are allowed."""
    down = [target_of(one) for one in ran.decisions if one.decision == "allow" and "-down/" in target_of(one)]
    listening = [
        target_of(one) for one in ran.decisions if target_of(one) in {"GET /mcp/open", "DELETE /mcp/open"}
    ]
    refused = [target_of(one) for one in ran.decisions if one.decision != "allow"]
    return [*down, *(target for target in refused if target not in listening)]


def says_why(shown: str, call: str) -> bool:
    """Whether a text holds the code, the remedy and the decision id that this call's refusal has."""
    code = CODES[call]
    decided = re.search(r"\(decision d-[a-z2-7]{26}\)", shown) is not None
    return f"[{code}]" in shown and REMEDIES[code] in shown and decided


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_shows_why_and_asks_once(rig: ClientRig, name: str) -> None:
    """What a library raises holds code, remedy and decision id, and the log has one decision for each call.

    With statuses of their own in the `github` shape PyGithub asked eleven times after a 503 and raised "too many 503
    error responses", and Octokit asked four times after a 503 and a 413. With problem+json for what does not exist
    OpenAI showed "Error code: 404", Octokit "Unknown error" and MCP "Not Found". Without `x-should-retry` OpenAI and
    Anthropic asked three times after a 503.
    """
    calls = LIBRARIES[name]
    ran = library(rig, name, *calls, "allowed")
    shown = ran.shown
    assert shown.pop("allowed").startswith("answered: "), "the control: what the role may do works"
    assert list(shown) == calls, ran.stderr
    assert {call: text for call, text in shown.items() if not says_why(text, call)} == {}
    assert len(refused_in(ran)) == len(calls), ran.counted


@pytest.mark.parametrize(
    ("name", "call"), [(name, call) for name, calls in PROGRAM_CALLS.items() for call in calls]
)
def test_a_program_prints_why_and_asks_once(rig: ClientRig, name: str, call: str) -> None:
    """`gh` and `git` print code, remedy and decision id, end with an error, and ask once; git gets no pack.

    With JSON instead of text git printed only the status; with problem+json for what does not exist it printed
    "repository not found" alone, and gh "HTTP 404".
    """
    ran = program(rig, name, *PROGRAM_CALLS[name][call])
    assert ran.code != 0
    assert says_why(ran.stderr, call), ran.stderr
    assert len(ran.decisions) == 1


def test_an_allowed_program_works(rig: ClientRig) -> None:
    """The control for programs: gh reads a repository, and git is let through to the upstream."""
    assert program(rig, "gh", "github/repos/o/r").code == 0
    assert program(rig, "git", f"{URL}/git/open/r.git").decisions[0].decision == "allow"


@pytest.mark.parametrize("name", ["openai", "anthropic", "pygithub", "octokit"])
def test_a_rate_limit_is_waited_for_as_told(rig: ClientRig, name: str) -> None:
    """A library that knows `Retry-After` asks again when it is over, once, and is answered; never sooner.

    With 429 in the `github` shape Octokit asked again one second too soon; with 403 but without GitHub's words it did
    not ask again. Without `Retry-After` OpenAI and Anthropic asked twice within the window, PyGithub after a minute.
    """
    ran = library(rig, name, "allowed", "allowed", role=f"hurried-{name}")
    assert [one.decision for one in ran.decisions] == ["allow", "deny", "allow"]
    assert ran.shown["allowed"].startswith("answered: ")


def test_a_rate_limit_is_shown_where_it_is_not_waited_for(rig: ClientRig) -> None:
    """The GenAI library does not know `Retry-After`: it asks once and shows how long to wait.

    Without the remedy in the message it showed the limit and no time.
    """
    ran = library(rig, "gemini", "allowed", "allowed", role="hurried-gemini")
    assert [one.decision for one in ran.decisions] == ["allow", "deny"]
    assert re.search(r"RESOURCE_EXHAUSTED.*\[rate_limited\] Wait [12] seconds", ran.shown["allowed"])


def test_a_rate_limit_within_an_mcp_session_is_shown(rig: ClientRig) -> None:
    """Each message of a session is sent once: opened, told so, and the call whose refusal says how long to wait.

    Without the remedy in the message it showed the limit and no time.
    """
    ran = library(rig, "mcp", "allowed", role="hurried-mcp")
    assert re.search(r"\[rate_limited\] Wait [12] seconds", ran.shown["allowed"])
    posts = [one.decision for one in ran.decisions if target_of(one) == "POST /mcp/open"]
    assert posts == ["allow", "deny", "deny"]


@pytest.mark.parametrize(
    ("name", "command"),
    [("gh", "gh api github/repos/o/r"), ("git", f"git ls-remote {URL}/git/open/r.git")],
)
def test_a_program_prints_a_rate_limit(rig: ClientRig, name: str, command: str) -> None:
    """`gh` and `git` print how long to wait, and do not ask again by themselves."""
    script = f"{GH_SETTINGS}; {command}; exec {command}"
    ran = rig.client("sh", "-c", script, folder=PROGRAMS, role=f"hurried-{name}")
    assert ran.code != 0
    assert re.search(r"\[rate_limited\] Wait [12] seconds", ran.stderr)
    asked = [one for one in ran.decisions if one.input is not None]
    assert [one.decision for one in asked] == ["allow", "deny"]


def test_a_denial_within_an_mcp_session_answers_its_question(rig: ClientRig) -> None:
    """A tool call that is refused in an open session raises its reason, as the answer to that very call; once.

    With `id: null` on HTTP 200 the client waited for an answer that never came.
    """
    ran = library(rig, "mcp", "large")
    assert says_why(ran.shown["large"], "large")
    refused = [one for one in ran.decisions if one.reasons and one.reasons[0].code == CODES["large"]]
    assert len(refused) == 1


def test_the_end_of_an_mcp_session_is_not_told_as_done_when_it_was_refused(rig: ClientRig) -> None:
    """A refused DELETE has its status: the client says that the session did not end. It listens twice, then no more.

    With HTTP 200, as for questions, the client took the session for ended.
    """
    ran = library(rig, "mcp", "linger")
    assert ran.shown["linger"].startswith("answered: ")
    assert "Session termination failed: 403" in ran.stderr
    assert ran.counted["DELETE /mcp/open"] == 1
    assert ran.counted["GET /mcp/open"] == 2


@pytest.mark.parametrize("name", ["openai", "pygithub", "octokit"])
def test_a_channel_that_is_gone_says_so(rig: ClientRig, name: str) -> None:
    """Where the gateway takes no connection any more, the room's own answer is shown, and not asked for again.

    With problem+json Octokit showed "Unknown error"; with 503 PyGithub raised "too many 503 error responses".
    """
    ran = library(rig, name, "allowed", gone=True)
    assert "[channel_closed]" in ran.shown["allowed"]
