"""What goes into a bundle, what it is called, and what is said when it cannot be built."""

import json
import os
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from decision.bundle import Bundle, build_bundle, digest, read_tree
from decision.yaml_source import ConfigErrors


def _content(bundle: Bundle) -> dict[str, bytes]:
    with tarfile.open(bundle.path) as archive:
        return {
            member.name: (archive.extractfile(member) or pytest.fail(member.name)).read()
            for member in archive.getmembers()
        }


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    """Where bundles are kept; it does not exist yet."""
    return tmp_path / "home" / "bundles"


def test_a_bundle_holds_rules_and_compiled_tables(policies: Path, bundles: Path, opa: Path) -> None:
    """Only what decides is served: rules, data, and the tables compiled from roles and services."""
    for name in ("request/request_test.rego", "conventions/c.rego", ".regal/x.rego", "tests/t.rego"):
        (policies / name).parent.mkdir(exist_ok=True)
        (policies / name).write_text("package broken {")
    (policies / "request" / "notes.yaml").write_text("not: served")
    (policies / "batch" / "data.yaml").write_text("limit: 32")
    content = _content(build_bundle(policies, bundles, opa))
    names = {name.lstrip("/") for name in content}
    rules = {f"{name}/{name}.rego" for name in ("request", "token", "batch")}
    assert names == rules | {"system/authz.rego", "data.json", ".manifest"}
    data = json.loads(next(text for name, text in content.items() if name.endswith("data.json")))
    assert data["compiled"]["grants"] == {"reader": {"notes": {"read:notes": True}}}
    assert data["batch"] == {"limit": 32}


def test_the_manifest_names_revision_and_roots(policies: Path, bundles: Path, opa: Path) -> None:
    """The revision in the archive is its name; its roots leave room for the process's own data."""
    bundle = build_bundle(policies, bundles, opa)
    content = _content(bundle)
    manifest = json.loads(next(text for name, text in content.items() if name.endswith(".manifest")))
    assert manifest["revision"] == bundle.revision
    assert sorted(manifest["roots"]) == ["batch", "compiled", "request", "system", "token"]
    assert bundle.path == bundles / f"{bundle.revision}.tar.gz"
    assert stat.S_IMODE(bundles.stat().st_mode) == 0o700


def test_the_same_content_is_the_same_bundle(policies: Path, bundles: Path, opa: Path) -> None:
    """Building again gives the same name and the same bytes, and leaves nothing else lying."""
    first = build_bundle(policies, bundles, opa)
    archive = first.path.read_bytes()
    first.path.write_bytes(b"damaged")
    assert build_bundle(policies, bundles, opa).revision == first.revision
    assert first.path.read_bytes() == archive
    assert len(list(bundles.iterdir())) == 3


@pytest.mark.parametrize(
    "edit",
    [
        ("request/request.rego", '"remedy": "none"', '"remedy": "ask"'),
        ("roles.yaml", "max_requests_per_min: 30", "max_requests_per_min: 31"),
        ("services.yaml", "http://127.0.0.1:9", "http://127.0.0.1:10"),
    ],
)
def test_every_change_is_a_new_revision(
    edit: tuple[str, str, str], policies: Path, bundles: Path, opa: Path
) -> None:
    """Whatever shapes a decision or where a call goes is part of the revision, an upstream's address too."""
    name, old, new = edit
    before = build_bundle(policies, bundles, opa)
    text = (policies / name).read_text()
    assert old in text
    (policies / name).write_text(text.replace(old, new))
    after = build_bundle(policies, bundles, opa)
    assert before.revision != after.revision
    assert before.path.exists()


def test_the_configuration_is_of_the_same_bytes(policies: Path, bundles: Path, opa: Path) -> None:
    """A bundle brings the catalogue and roles that it was built with."""
    bundle = build_bundle(policies, bundles, opa)
    assert set(bundle.configuration.roles) == {"reader"}
    assert bundle.configuration.catalogue.services["notes"].upstream.port == 9
    kept = (bundles / f"{bundle.revision}.services.yaml").read_bytes()
    assert kept == (policies / "services.yaml").read_bytes()


def test_all_errors_of_the_configuration_are_named(policies: Path, bundles: Path, opa: Path) -> None:
    """A broken role file is refused with the user's own path, line and column; nothing is kept."""
    (policies / "roles.yaml").write_text("roles:\n  reader:\n    services: [nots]\n    actions: [raed]\n")
    with pytest.raises(ConfigErrors) as found:
        build_bundle(policies, bundles, opa)
    assert {error.file for error in found.value.errors} == {str(policies / "roles.yaml")}
    assert {3, 4} <= {error.line for error in found.value.errors}
    assert not bundles.exists()


def test_an_error_in_a_rule_is_placed(policies: Path, bundles: Path, opa: Path) -> None:
    """What OPA says of a rule arrives with the user's own path, row and column."""
    (policies / "request" / "more.rego").write_text("package request\n\nx := nothing_like_this(1)\n")
    with pytest.raises(ConfigErrors) as found:
        build_bundle(policies, bundles, opa)
    (error,) = found.value.errors
    assert (error.file, error.line, error.column) == (str(policies / "request" / "more.rego"), 3, 6)
    assert "undefined function" in error.message


@pytest.mark.parametrize(
    "call", ['http.send({"method": "GET", "url": "x"})', "time.now_ns()", "opa.runtime()"]
)
def test_a_rule_that_reaches_out_does_not_build(call: str, policies: Path, bundles: Path, opa: Path) -> None:
    """Builtins that are no function of the input are refused where the bundle is built."""
    (policies / "request" / "more.rego").write_text(f"package request\n\nx := {call}\n")
    with pytest.raises(ConfigErrors, match="undefined function"):
        build_bundle(policies, bundles, opa)


@pytest.mark.parametrize("name", ["compiled", "doorless_runtime"])
def test_names_that_are_ours_cannot_be_taken(name: str, policies: Path, bundles: Path, opa: Path) -> None:
    """A policy folder cannot bring compiled tables or runtime data of its own."""
    (policies / name).mkdir()
    (policies / name / "data.json").write_text("{}")
    with pytest.raises(ConfigErrors, match="belongs to the gateway"):
        build_bundle(policies, bundles, opa)


def test_a_package_cannot_hide_outside_its_folder(policies: Path, bundles: Path, opa: Path) -> None:
    """A rule file whose package is no folder of the tree is refused, the runtime's data too."""
    (policies / "request" / "sly.rego").write_text('package doorless_runtime\n\ntoken_sha256 := "mine"\n')
    with pytest.raises(ConfigErrors, match="do not permit"):
        build_bundle(policies, bundles, opa)


def test_a_folder_without_rules(tmp_path: Path, bundles: Path, opa: Path) -> None:
    """A folder that is empty or not there is an error that names it."""
    for folder in (tmp_path / "nothing", tmp_path):
        with pytest.raises(ConfigErrors, match="holds no Rego file"):
            build_bundle(folder, bundles, opa)


def _dangling_link(policies: Path) -> None:
    (policies / "request" / "odd.rego").symlink_to(policies / "nowhere.rego")


def _linked_folder(policies: Path) -> None:
    (policies / "odd").symlink_to(policies / "request", target_is_directory=True)


def _pipe(policies: Path) -> None:
    os.mkfifo(policies / "request" / "odd.rego")


@pytest.mark.parametrize("spoil", [_dangling_link, _linked_folder, _pipe])
def test_what_cannot_be_read_is_not_left_out(spoil: Callable[[Path], None], policies: Path) -> None:
    """A rule that would silently be missing is an error that names it: it could be one that denies."""
    spoil(policies)
    with pytest.raises(ConfigErrors) as found:
        read_tree(policies)
    (error,) = found.value.errors
    assert Path(error.file).stem == "odd"


def test_an_opa_that_cannot_be_run(policies: Path, bundles: Path, tmp_path: Path) -> None:
    """A missing OPA is an error like any other, not an exception of another kind."""
    with pytest.raises(ConfigErrors, match="cannot be built"):
        build_bundle(policies, bundles, tmp_path / "no-opa")


def test_the_digest_separates_names_from_contents() -> None:
    """Moving a byte from a name to its content, or from one file to another, gives another digest."""
    digests = [
        digest({"a": b"bc"}),
        digest({"ab": b"c"}),
        digest({"a": b"b", "c": b""}),
        digest({"a": b"", "bc": b""}),
    ]
    assert len(set(digests)) == 4
    assert digest({"a": b"1", "b": b"2"}) == digest({"b": b"2", "a": b"1"})
