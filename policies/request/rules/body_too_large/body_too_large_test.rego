package request.rules.body_too_large_test

import data.lib.fixture_test as fixture
import data.request.rules.body_too_large

test_caught_over_the_limit_of_the_role if {
	some reason in body_too_large.deny
		with input as object.union(fixture.call, {"body_bytes": 401})
		with data.compiled as fixture.compiled
	reason.code == "request.body_too_large"
	reason.message == "The body of 401 bytes is over the limit of 400 bytes."
}

test_caught_over_the_limit_of_the_service if {
	some reason in body_too_large.deny
		with input as object.union(fixture.erasing, {"body_bytes": 1001})
		with data.compiled as fixture.compiled
	reason.code == "request.body_too_large"
	reason.message == "The body of 1001 bytes is over the limit of 1000 bytes."
}

test_not_caught_at_the_limit if {
	count(body_too_large.deny) == 0
		with input as object.union(fixture.call, {"body_bytes": 400})
		with data.compiled as fixture.compiled
}

test_not_caught_without_announcement if {
	count(body_too_large.deny) == 0
		with input as object.union(fixture.call, {"body_bytes": -1})
		with data.compiled as fixture.compiled
}

test_caught_without_length if {
	some reason in body_too_large.deny
		with input as object.remove(fixture.call, ["body_bytes"])
		with data.compiled as fixture.compiled
	reason.code == "request.body_too_large"
	reason.message == "The body of unknown bytes is over the limit of 400 bytes."
}
