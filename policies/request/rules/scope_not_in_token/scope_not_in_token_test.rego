package request.rules.scope_not_in_token_test

import data.lib.fixture_test as fixture
import data.request.rules.scope_not_in_token

test_caught if {
	some reason in scope_not_in_token.deny
		with input as object.union(fixture.call, {"scope": ["ping"]})
		with data.compiled as fixture.compiled
	reason.code == "request.scope_not_in_token"
	reason.message == "This workflow was started without read:bodies, which its role reader has."
}

test_caught_for_a_part_of_a_word if {
	some reason in scope_not_in_token.deny
		with input as object.union(fixture.call, {"scope": ["read", "read:bodies2"]})
		with data.compiled as fixture.compiled
	reason.code == "request.scope_not_in_token"
	reason.message == "This workflow was started without read:bodies, which its role reader has."
}

test_not_caught_with_the_word if {
	count(scope_not_in_token.deny) == 0
		with input as object.union(fixture.call, {"scope": ["read:bodies"]})
		with data.compiled as fixture.compiled
}

test_not_caught_where_nothing_is_granted if {
	count(scope_not_in_token.deny) == 0
		with input as object.union(fixture.call, {"role": "nobody", "scope": []})
		with data.compiled as fixture.compiled
}

test_caught_without_scope if {
	some reason in scope_not_in_token.deny
		with input as object.remove(fixture.call, ["scope"])
		with data.compiled as fixture.compiled
	reason.code == "request.scope_not_in_token"
	reason.message == "This workflow was started without read:bodies, which its role reader has."
}
