package request.rules.route_unknown_test

import data.lib.fixture_test as fixture
import data.request.rules.route_unknown

test_caught if {
	some reason in route_unknown.lacks
		with input as object.union(fixture.call, {"route": "lost"})
		with data.compiled as fixture.compiled
	reason.code == "request.route_unknown"
	reason.message == "The service reports has no route lost in the policy that is current now."
}

test_not_caught_for_a_known_route if {
	count(route_unknown.lacks) == 0
		with input as object.union(fixture.call, {"method": "POST"})
		with data.compiled as fixture.compiled
}

test_not_caught_for_a_service_that_is_not_granted if {
	count(route_unknown.lacks) == 0
		with input as object.union(fixture.call, {"service": "lost"})
		with data.compiled as fixture.compiled
}

test_caught_without_route if {
	some reason in route_unknown.lacks
		with input as object.remove(fixture.call, ["route"])
		with data.compiled as fixture.compiled
	reason.code == "request.route_unknown"
	reason.message == "The service reports has no route  in the policy that is current now."
}
