package request.rules.held_after_denials_test

import data.lib.fixture_test as fixture
import data.request.rules.held_after_denials

_limited := json.patch(fixture.compiled, [
	{"op": "add", "path": "/roles/reader/hold_after_denials", "value": 3},
	{"op": "add", "path": "/roles/janitor/hold_after_denials", "value": 3},
])

_denied(question, row) := fixture.with_history(question, {"denials_in_a_row": row})

test_held_after_so_many if {
	held := held_after_denials.hold with input as _denied(fixture.call, 3) with data.compiled as _limited
	held.terms.template == "denials"
	held.terms.approvers == ["ada"]
	startswith(held.reason.message, "The last 3 calls")
}

test_held_after_more if {
	held_after_denials.hold with input as _denied(fixture.call, 40) with data.compiled as _limited
}

test_not_held_below if {
	not held_after_denials.hold with input as _denied(fixture.call, 2) with data.compiled as _limited
}

test_not_held_without_a_limit if {
	not held_after_denials.hold with input as _denied(fixture.call, 40) with data.compiled as fixture.compiled
}

test_not_held_once_approved if {
	approved := object.union(
		_denied(fixture.call, 3),
		{"call_sha256": fixture.digest, "approval": object.union(fixture.approval, {"template": "denials"})},
	)
	not held_after_denials.hold with input as approved with data.compiled as _limited
}

test_held_without_the_fact if {
	held_after_denials.hold with input as object.remove(fixture.call, ["history"]) with data.compiled as _limited
}

test_held_where_the_fact_is_no_number[value] if {
	some value in ["0", null, [0]]
	held_after_denials.hold with input as _denied(fixture.call, value) with data.compiled as _limited
}
