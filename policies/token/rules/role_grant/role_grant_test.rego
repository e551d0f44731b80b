package token.rules.role_grant_test

import data.lib.fixture_test as fixture
import data.token.rules.role_grant

test_whole_role if {
	role_grant.grant with input as fixture.asking with data.compiled as fixture.compiled
}

test_part_of_the_role if {
	role_grant.grant
		with input as object.union(fixture.asking, {"only": ["ping"]})
		with data.compiled as fixture.compiled
}

test_nothing_where_more_is_asked if {
	not role_grant.grant
		with input as object.union(fixture.asking, {"only": ["ping", "erase:bodies"]})
		with data.compiled as fixture.compiled
}

test_nothing_for_a_role_without_words if {
	not role_grant.grant
		with input as object.union(fixture.asking, {"role": "nobody"})
		with data.compiled as fixture.compiled
}

test_nothing_without_role if {
	not role_grant.grant
		with input as object.remove(fixture.asking, ["role"])
		with data.compiled as fixture.compiled
}

test_nothing_without_only if {
	not role_grant.grant
		with input as object.remove(fixture.asking, ["only"])
		with data.compiled as fixture.compiled
}
