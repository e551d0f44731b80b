"""The environment of an agent: what is in it, and that nothing else can be."""

from dataclasses import replace

from workflows.environment import Inside, Work, agent_environment

WORK = Work("wf-a", "crash-tracker", "count", ("crash-reporting", "models"), 1_763_890_000)


def test_the_whole_environment_is_known() -> None:
    """Exactly the standard variables: nothing of the caller's environment can be among them."""
    assert agent_environment(WORK, {}, ("/venv/bin",)) == {
        "DOORLESS_URL": "http://127.0.0.1:8080",
        "DOORLESS_SOCKET": "/run/doorless/gw.sock",
        "DOORLESS_WORKFLOW": "wf-a",
        "DOORLESS_ROLE": "crash-tracker",
        "DOORLESS_TASK": "count",
        "HOME": "/work",
        "TMPDIR": "/tmp",
        "PATH": "/venv/bin:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }


def test_a_vendors_url_is_set_for_the_one_service_of_its_shape() -> None:
    """OPENAI_BASE_URL leads to the granted service with that error shape, and no other vendor's is set."""
    shapes = {"crash-reporting": "problem", "models": "openai", "other": "anthropic"}
    variables = agent_environment(WORK, shapes, ())
    assert variables["OPENAI_BASE_URL"] == "http://127.0.0.1:8080/models"
    assert "ANTHROPIC_BASE_URL" not in variables, "that service is not granted"
    assert "GITHUB_API_URL" not in variables


def test_two_services_of_one_shape_set_nothing() -> None:
    """Where two services could be meant, none is chosen."""
    shapes = {"crash-reporting": "github", "models": "github"}
    assert "GITHUB_API_URL" not in agent_environment(WORK, shapes, ())


def test_programs_are_named_once_on_the_path() -> None:
    """A folder that stands twice is searched once, at its first place."""
    assert (
        agent_environment(WORK, {}, ("/usr/bin", "/v/bin"))["PATH"] == "/usr/bin:/v/bin:/usr/local/bin:/bin"
    )


def test_without_a_room_places_are_the_callers() -> None:
    """A process without a room gets real paths, and the same variables."""
    outside = Inside(socket="/h/run/ch/wf-a/gw.sock", home="/home/a", temporary="/t")
    variables = agent_environment(WORK, {}, (), outside)
    assert (variables["DOORLESS_SOCKET"], variables["HOME"]) == ("/h/run/ch/wf-a/gw.sock", "/home/a")


def test_plain_git_finds_the_gateway_and_names_the_workflow() -> None:
    """With a git side git is led from every spelling of the upstream to the gateway, and commits name the workflow."""
    work = replace(WORK, git={"crash-reporting": "https://github.com", "other": "https://example.com"})
    variables = agent_environment(work, {}, ())
    count = int(variables["GIT_CONFIG_COUNT"])
    led = {
        variables[f"GIT_CONFIG_VALUE_{place}"]: variables[f"GIT_CONFIG_KEY_{place}"] for place in range(count)
    }
    key = "url.http://127.0.0.1:8080/crash-reporting/git/.insteadOf"
    assert led == {
        "https://github.com/": key,
        "git@github.com:": key,
        "ssh://git@github.com/": key,
    }, "a service that is not granted leads nowhere"
    for who in ("AUTHOR", "COMMITTER"):
        assert variables[f"GIT_{who}_NAME"] == "crash-tracker"
        assert variables[f"GIT_{who}_EMAIL"] == "wf-a@agents.doorless.local"


def test_an_upstream_with_a_port_has_one_spelling() -> None:
    """Only for plain HTTPS hosts is an SSH address guessed."""
    work = replace(WORK, git={"models": "http://127.0.0.1:9000/base"})
    variables = agent_environment(work, {}, ())
    assert variables["GIT_CONFIG_COUNT"] == "1"
    assert variables["GIT_CONFIG_VALUE_0"] == "http://127.0.0.1:9000/base/"


def test_of_two_services_with_the_same_repositories_none_is_chosen() -> None:
    """Git would take either; which one was meant only the agent knows."""
    work = replace(WORK, git={"models": "https://github.com", "crash-reporting": "https://github.com"})
    assert agent_environment(work, {}, ())["GIT_CONFIG_COUNT"] == "0"
