package request.rules.timeout_ms_test

import data.lib.fixture_test as fixture
import data.request.rules.timeout_ms

test_timeout_of_the_service if {
	timeout_ms.obligation == {{"id": "timeout", "type": "timeout_ms", "properties": {"limit": 30000}}}
		with input as fixture.call
		with data.compiled as fixture.compiled
}

test_none_for_an_unknown_service if {
	count(timeout_ms.obligation) == 0
		with input as object.union(fixture.call, {"service": "lost"})
		with data.compiled as fixture.compiled
}

test_none_without_service if {
	count(timeout_ms.obligation) == 0
		with input as object.remove(fixture.call, ["service"])
		with data.compiled as fixture.compiled
}
