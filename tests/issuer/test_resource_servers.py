"""`issuer.resource_servers`: the file of services and their secrets."""

import secrets
from pathlib import Path

import pytest

from issuer.resource_servers import ResourceServersInvalid, load

SECRET = secrets.token_urlsafe(24)


def write(folder: Path, text: str) -> Path:
    (folder / "a.secret").write_text(SECRET + "\n")
    file = folder / "servers.yaml"
    file.write_text(text)
    return file


def test_each_service_has_its_secret(tmp_path: Path) -> None:
    """A path is relative to the file; the newline at the end of a secret is not part of it."""
    servers = load(write(tmp_path, f"crash-reporting: a.secret\ntelemetry: {tmp_path}/a.secret\n"))
    assert set(servers) == {"crash-reporting", "telemetry"}
    assert servers["crash-reporting"].check_client_secret(SECRET)
    for wrong in ("", SECRET + "\n", SECRET[:-1], SECRET.upper(), "é", "\udcff"):
        assert not servers["crash-reporting"].check_client_secret(wrong)


def test_an_empty_file_names_nobody(tmp_path: Path) -> None:
    """No services is a valid choice."""
    assert load(write(tmp_path, "# nobody\n")) == {}


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    """Neither the secret nor its digest is in the repr."""
    server = load(write(tmp_path, "a: a.secret"))["a"]
    assert repr(server) == "ResourceServer(audience='a')"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a", ":1:1: a mapping"),
        ("a: a.secret\na: a.secret", ":2:1: a stands twice"),
        ("A: a.secret", ":1:1: `service-name"),
        ("a: [x]", ":1:1: `service-name"),
        ("a: absent", ":1:4: the secret .*absent cannot be read"),
        ("a: servers.short", ":1:4: the secret .* shorter than 16"),
        ("a: {", "line 2, column 1"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_column(tmp_path: Path, text: str, says: str) -> None:
    """Every error says where it is and what is the matter."""
    (tmp_path / "servers.short").write_text("tooshort")
    with pytest.raises(ResourceServersInvalid, match=says):
        load(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """An absent file is an error, not an empty one."""
    with pytest.raises(ResourceServersInvalid, match=r"absent\.yaml"):
        load(tmp_path / "absent.yaml")
