package token.rules.nothing_granted_test

import data.lib.fixture_test as fixture
import data.token.rules.nothing_granted

test_caught if {
	some reason in nothing_granted.lacks
		with input as object.union(fixture.asking, {"role": "nobody"})
		with data.compiled as fixture.compiled
	reason.code == "token.nothing_granted"
	reason.message == "The role nobody has no action on any route of its services, so there is no token to issue."
}

test_not_caught_with_words if {
	count(nothing_granted.lacks) == 0 with input as fixture.asking with data.compiled as fixture.compiled
}

test_not_caught_for_an_unknown_role if {
	count(nothing_granted.lacks) == 0
		with input as object.union(fixture.asking, {"role": "writer"})
		with data.compiled as fixture.compiled
}

test_not_caught_where_more_is_asked if {
	count(nothing_granted.lacks) == 0
		with input as object.union(fixture.asking, {"role": "nobody", "only": ["ping"]})
		with data.compiled as fixture.compiled
}

test_not_caught_without_role if {
	count(nothing_granted.lacks) == 0
		with input as object.remove(fixture.asking, ["role"])
		with data.compiled as fixture.compiled
}
