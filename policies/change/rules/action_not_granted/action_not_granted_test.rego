package change.rules.action_not_granted_test

import data.change.rules.action_not_granted
import data.lib.fixture_test as fixture

test_caught[note] if {
	some note, changed in {
		"for a push that the catalogue calls otherwise": {"action": "create-pr"},
		"for another class of data": {"data": "bodies"},
		"for a check by who proposes nothing": {"action": "check", "via": "check", "role": "reader"},
	}
	some reason in action_not_granted.lacks with input as object.union(fixture.change, changed)
		with data.compiled as fixture.compiled
	startswith(reason.message, "The role ")
}

test_not_caught[note] if {
	some note, changed in {
		"as it stands": {},
		"where the service is lacking": {"service": "reports"},
		"for no role": {"role": "stranger"},
	}
	count(action_not_granted.lacks) == 0 with input as object.union(fixture.change, changed)
		with data.compiled as fixture.compiled
}

test_caught_without_action if {
	count(action_not_granted.lacks) == 1 with input as object.remove(fixture.change, ["action"])
		with data.compiled as fixture.compiled
}
