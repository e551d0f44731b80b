"""What a rule looks at, read from OPA's own syntax tree."""

from pathlib import Path

import pytest

from authoring.explain.policy_source import SourceUnreadable, read_source
from decision.bundle import build_bundle

REGO = """package request

import data.lib.other as away

decision := {"allow": true} if {
	input.a == 1
	object.get(input, "maybe", 0) == 2
	data.compiled.table[input.b].c
	_local(input.params.id)
	away.known
	some key
	input.list[key] == data.lib.other.named[input.d][key]
} else := {"allow": false} if input.e

_local(text) if text != input.f
"""
OTHER = """package lib.other

known if input.g

named[name] := name if some name in input.h
"""


def test_every_reference_is_found_also_through_helpers(tmp_path: Path, opa: Path) -> None:
    """Facts, tables with facts as keys, optional facts, aliases, `else`, functions; what only evaluation knows is left open."""
    policies = tmp_path / "policies"
    for name, text in (("request/request.rego", REGO), ("lib/other/other.rego", OTHER)):
        (policies / name).parent.mkdir(parents=True)
        (policies / name).write_text(text)
    (policies / "roles.yaml").write_text("roles: {}\n")
    (policies / "services.yaml").write_text("services: {}\n")
    bundle = build_bundle(policies, tmp_path / "bundles", opa)
    source = read_source(bundle.path, opa)
    assert [str(each) for each in source.looked_at(("request", "decision"))] == [
        "data.compiled.table[input.b].c",
        "input.a",
        "input.b",
        "input.d",
        "input.e",
        "input.f",
        "input.g",
        "input.h",
        "input.list[…]",
        "input.maybe",
        "input.params.id",
    ]
    assert source.title_of(("request", "_local")).line == 15


def test_what_is_no_bundle_is_said(tmp_path: Path, opa: Path) -> None:
    """Not a traceback of a tar library."""
    (tmp_path / "x.tar.gz").write_bytes(b"no")
    with pytest.raises(SourceUnreadable, match=r"x\.tar\.gz"):
        read_source(tmp_path / "x.tar.gz", opa)
