package request.rules.rate_limit_test

import data.lib.fixture_test as fixture
import data.request.rules.rate_limit

test_limit_of_the_role if {
	expected := {
		{"id": "rate", "type": "rate_limit", "properties": {"key": "role:reader", "limit": 30, "window_s": 60, "cost": 1}},
	}
	rate_limit.attempt == expected
		with input as fixture.call
		with data.compiled as fixture.compiled
}

test_none_for_a_role_without if {
	count(rate_limit.attempt) == 0
		with input as object.union(fixture.call, {"role": "janitor"})
		with data.compiled as fixture.compiled
}

test_none_without_role if {
	count(rate_limit.attempt) == 0
		with input as object.remove(fixture.call, ["role"])
		with data.compiled as fixture.compiled
}
