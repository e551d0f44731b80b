"""The environment of an agent: what is in it, and that nothing else can be."""

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
