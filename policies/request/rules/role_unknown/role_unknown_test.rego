package request.rules.role_unknown_test

import data.lib.fixture_test as fixture
import data.request.rules.role_unknown

test_caught if {
	some reason in role_unknown.lacks
		with input as object.union(fixture.call, {"role": "writer"})
		with data.compiled as fixture.compiled
	reason.code == "request.role_unknown"
	reason.message == "The role writer does not exist in the policy that is current now."
}

test_not_caught_for_a_role_without_grants if {
	count(role_unknown.lacks) == 0
		with input as object.union(fixture.call, {"role": "nobody"})
		with data.compiled as fixture.compiled
}

test_caught_without_role if {
	some reason in role_unknown.lacks
		with input as object.remove(fixture.call, ["role"])
		with data.compiled as fixture.compiled
	reason.code == "request.role_unknown"
	reason.message == "The role  does not exist in the policy that is current now."
}
