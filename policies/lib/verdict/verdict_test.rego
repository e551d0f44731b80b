package lib.verdict_test

import data.lib.verdict

_nothing := {
	"grants": set(),
	"lacks": set(),
	"denials": set(),
	"holds": set(),
	"obligations": {{"id": "o"}},
	"attempts": {{"id": "a"}},
}

_reason(name) := {"code": name, "message": "No.", "rule": name}

_hold(name, approvers) := {
	"reason": _reason(name),
	"terms": {"template": "t", "approvers": approvers, "expires_in_s": 1},
}

test_a_grant_allows if {
	document := verdict.document(object.union(_nothing, {"grants": {"g"}}))
	document == {
		"version": "1",
		"allow": true,
		"reasons": [],
		"obligations": [{"id": "a"}, {"id": "o"}],
		"hold": null,
		"cacheable_s": 0,
	}
}

test_nothing_denies if {
	document := verdict.document(_nothing) with input as {"role": "r"}
	document.allow == false
	document.obligations == [{"id": "a"}]
	[reason] = document.reasons
	reason.code == "verdict.not_granted"
	reason.message == "No rule grants this to the role r."
}

test_what_is_lacking_is_said_where_nothing_grants if {
	document := verdict.document(object.union(_nothing, {"lacks": {_reason("l")}}))
	document.allow == false
	document.reasons == [_reason("l")]
}

test_what_is_lacking_is_not_heard_beside_a_grant if {
	document := verdict.document(object.union(_nothing, {"lacks": {_reason("l")}, "grants": {"g"}}))
	document.allow == true
}

test_a_denial_beats_grant_and_hold_and_names_both_rules if {
	document := verdict.document(object.union(_nothing, {
		"grants": {"g", "h"},
		"denials": {_reason("d")},
		"holds": {_hold("w", [])},
	}))
	document.allow == false
	document.hold == null
	document.obligations == [{"id": "a"}]
	document.reasons == [{"code": "d", "message": "No. (g, h grants it, d comes first.)", "rule": "d"}]
}

test_a_hold_beats_a_grant if {
	document := verdict.document(object.union(_nothing, {"grants": {"g"}, "holds": {_hold("w", ["ann"])}}))
	document.allow == false
	document.hold == {"template": "t", "approvers": ["ann"], "expires_in_s": 1}
	document.obligations == [{"id": "a"}, {"id": "o"}]
	document.reasons == [{"code": "w", "message": "No. (g grants it, w comes first.)", "rule": "w"}]
}

test_a_hold_grants_nothing if {
	document := verdict.document(object.union(_nothing, {"holds": {_hold("w", [])}}))
	document.hold == null
	document.reasons[0].code == "verdict.not_granted"
}

test_holds_on_the_same_terms_are_one if {
	document := verdict.document(object.union(_nothing, {
		"grants": {"g"},
		"holds": {_hold("w", ["ann"]), _hold("x", ["ann"])},
	}))
	document.hold.approvers == ["ann"]
	count(document.reasons) == 2
}

test_holds_on_different_terms_deny if {
	document := verdict.document(object.union(_nothing, {
		"grants": {"g"},
		"holds": {_hold("w", ["ann"]), _hold("x", ["bob"])},
	}))
	document.allow == false
	document.hold == null
	document.reasons[0].code == "verdict.hold_conflict"
}
