package token.rules.role_unknown_test

import data.lib.fixture_test as fixture
import data.token.rules.role_unknown

test_caught if {
	some reason in role_unknown.lacks
		with input as object.union(fixture.asking, {"role": "writer"})
		with data.compiled as fixture.compiled
	reason.code == "token.role_unknown"
	reason.message == "There is no role writer."
}

test_not_caught_for_a_role_without_words if {
	count(role_unknown.lacks) == 0
		with input as object.union(fixture.asking, {"role": "nobody"})
		with data.compiled as fixture.compiled
}

test_caught_without_role if {
	some reason in role_unknown.lacks
		with input as object.remove(fixture.asking, ["role"])
		with data.compiled as fixture.compiled
	reason.code == "token.role_unknown"
	reason.message == "There is no role ."
}
