package token.rules.scope_wider_test

import data.lib.fixture_test as fixture
import data.token.rules.scope_wider

test_caught if {
	some reason in scope_wider.lacks
		with input as object.union(fixture.asking, {"only": ["erase:bodies", "ping", "read:people"]})
		with data.compiled as fixture.compiled
	reason.code == "token.scope_wider"
	reason.message == "The role reader does not have erase:bodies, read:people."
}

test_not_caught_for_a_part if {
	count(scope_wider.lacks) == 0
		with input as object.union(fixture.asking, {"only": ["read:points"]})
		with data.compiled as fixture.compiled
}

test_not_caught_for_an_unknown_role if {
	count(scope_wider.lacks) == 0
		with input as object.union(fixture.asking, {"role": "writer", "only": ["ping"]})
		with data.compiled as fixture.compiled
}

test_not_caught_without_only if {
	count(scope_wider.lacks) == 0
		with input as object.remove(fixture.asking, ["only"])
		with data.compiled as fixture.compiled
}
