package change.rules.role_unknown_test

import data.change.rules.role_unknown
import data.lib.fixture_test as fixture

test_caught if {
	some reason in role_unknown.lacks with input as object.union(fixture.change, {"role": "stranger"})
		with data.compiled as fixture.compiled
	reason.message == "The role stranger does not exist in the policy that is current now."
}

test_not_caught[note] if {
	some note, changed in {"as it stands": {}, "for a role with nothing": {"role": "nobody"}}
	count(role_unknown.lacks) == 0 with input as object.union(fixture.change, changed)
		with data.compiled as fixture.compiled
}

test_caught_without_role if {
	count(role_unknown.lacks) == 1 with input as object.remove(fixture.change, ["role"])
		with data.compiled as fixture.compiled
}
