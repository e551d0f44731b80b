package change.rules.service_not_granted_test

import data.change.rules.service_not_granted
import data.lib.fixture_test as fixture

test_caught if {
	some reason in service_not_granted.lacks with input as object.union(fixture.change, {"service": "reports"})
		with data.compiled as fixture.compiled
	reason.message == "The role coder does not have the service reports."
	reason.audience == "operator"
}

test_not_caught[note] if {
	some note, changed in {
		"as it stands": {},
		"for a check": {"action": "check", "service": ""},
		"for no role": {"role": "stranger"},
	}
	count(service_not_granted.lacks) == 0 with input as object.union(fixture.change, changed)
		with data.compiled as fixture.compiled
}

test_caught_without_service if {
	count(service_not_granted.lacks) == 1 with input as object.remove(fixture.change, ["service"])
		with data.compiled as fixture.compiled
}
