package request.rules.max_body_bytes_test

import data.lib.fixture_test as fixture
import data.request.rules.max_body_bytes

test_limit_of_the_role if {
	max_body_bytes.obligation == {{"id": "body", "type": "max_body_bytes", "properties": {"limit": 400}}}
		with input as fixture.call
		with data.compiled as fixture.compiled
}

test_limit_of_the_service if {
	max_body_bytes.obligation == {{"id": "body", "type": "max_body_bytes", "properties": {"limit": 1000}}}
		with input as fixture.erasing
		with data.compiled as fixture.compiled
}

test_none_for_a_service_that_is_not_granted if {
	count(max_body_bytes.obligation) == 0
		with input as object.union(fixture.call, {"service": "lost"})
		with data.compiled as fixture.compiled
}

test_none_without_role if {
	count(max_body_bytes.obligation) == 0
		with input as object.remove(fixture.call, ["role"])
		with data.compiled as fixture.compiled
}
