"""doorless.yaml: what it may say, and how each mistake in it is named."""

from pathlib import Path

import pytest

from decision.yaml_source import ConfigErrors
from doorless.configuration import load_configuration
from doorless.home import Home


def errors_of(folder: Path, text: str) -> str:
    """What is said about this doorless.yaml, without the folder's name."""
    (folder / "doorless.yaml").write_text(text)
    with pytest.raises(ConfigErrors) as found:
        load_configuration(Home(folder))
    return str(found.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("issuer: {listen: 0.0.0.0:8400}", "doorless.yaml:1:18: '0.0.0.0:8400' must be a loopback address"),
        ("issuer: {listen: 127.0.0.1}", "must be a loopback address with a port"),
        ("issuer: {listen: '127.0.0.1:70000'}", "must be a loopback address with a port"),
        ("issuer: {url: ftp://127.0.0.1}", "must be an http or https URL"),
        ("issuer:\n  listn: 127.0.0.1:1", "doorless.yaml:2:3: unknown key 'listn'; did you mean 'listen'?"),
        ("issuer: {}\nissuer: {}", "doorless.yaml:2:1: the key 'issuer' stands here a second time"),
        ("resource_servers: {Crash: secrets/x}", "the name 'Crash' must match"),
        ("resource_servers: {crash: secrets/x}", "doorless.yaml:1:27: there is no file secrets/x"),
        ("credentials: gone.yaml", "doorless.yaml:1:14: there is no file gone.yaml"),
        ("approvals_socket: {path: a/b, group: staff}", "doorless.yaml:1:26: 'a/b' must be an absolute path"),
        ("approvals_socket: {path: /a/b}", "'group' is missing"),
        ("meta_workflow: {log: '127.0.0.1:1'}", "doorless.yaml:1:1: the key 'policy_tools' is missing"),
        (
            "meta_workflow: {log: '0.0.0.0:1', policy_tools: '127.0.0.1:2'}",
            "'0.0.0.0:1' must be a loopback address",
        ),
        (
            "meta_workflow: {log: '127.0.0.1:1', policy_tools: '127.0.0.1:2'}",
            "doorless.yaml:1:16: there is no file secrets/log-reader",
        ),
        ("- a", "doorless.yaml:1:1: must be a mapping"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """File, line, column, what is wrong."""
    (tmp_path / "credentials.yaml").touch()
    assert said in errors_of(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Not UTF-8: one error, at the file."""
    (tmp_path / "doorless.yaml").write_bytes(b"\xff")
    with pytest.raises(ConfigErrors, match="cannot be read"):
        load_configuration(Home(tmp_path))
