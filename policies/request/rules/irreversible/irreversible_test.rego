package request.rules.irreversible_test

import data.lib.fixture_test as fixture
import data.request.rules.irreversible

test_held if {
	irreversible.hold.terms == {"template": "irreversible", "approvers": [], "expires_in_s": 600}
		with input as fixture.erasing
		with data.compiled as fixture.compiled
	irreversible.hold.reason.code == "request.irreversible"
		with input as fixture.erasing
		with data.compiled as fixture.compiled
}

test_not_held_for_what_can_be_undone if {
	not irreversible.hold with input as fixture.call with data.compiled as fixture.compiled
}

test_nothing_without_route if {
	not irreversible.hold
		with input as object.remove(fixture.erasing, ["route"])
		with data.compiled as fixture.compiled
}
