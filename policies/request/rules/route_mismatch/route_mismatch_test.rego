package request.rules.route_mismatch_test

import data.lib.fixture_test as fixture
import data.request.rules.route_mismatch

test_caught_by_action if {
	some reason in route_mismatch.lacks
		with input as object.union(fixture.call, {"action": "ping"})
		with data.compiled as fixture.compiled
	reason.code == "request.route_mismatch"
	reason.message == "The call describes the route list of reports otherwise than services.yaml declares it."
}

test_caught_by_data if {
	some reason in route_mismatch.lacks
		with input as object.union(fixture.call, {"data": "people"})
		with data.compiled as fixture.compiled
	reason.code == "request.route_mismatch"
	reason.message == "The call describes the route list of reports otherwise than services.yaml declares it."
}

test_caught_by_method if {
	some reason in route_mismatch.lacks
		with input as object.union(fixture.call, {"method": "DELETE"})
		with data.compiled as fixture.compiled
	reason.code == "request.route_mismatch"
	reason.message == "The call describes the route list of reports otherwise than services.yaml declares it."
}

test_not_caught_as_declared if {
	count(route_mismatch.lacks) == 0 with input as fixture.call with data.compiled as fixture.compiled
}

test_not_caught_for_an_unknown_route if {
	count(route_mismatch.lacks) == 0
		with input as object.union(fixture.call, {"route": "lost"})
		with data.compiled as fixture.compiled
}

test_caught_without_action if {
	some reason in route_mismatch.lacks
		with input as object.remove(fixture.call, ["action"])
		with data.compiled as fixture.compiled
	reason.code == "request.route_mismatch"
	reason.message == "The call describes the route list of reports otherwise than services.yaml declares it."
}

test_caught_without_data if {
	some reason in route_mismatch.lacks
		with input as object.remove(fixture.call, ["data"])
		with data.compiled as fixture.compiled
	reason.code == "request.route_mismatch"
	reason.message == "The call describes the route list of reports otherwise than services.yaml declares it."
}

test_caught_without_method if {
	some reason in route_mismatch.lacks
		with input as object.remove(fixture.call, ["method"])
		with data.compiled as fixture.compiled
	reason.code == "request.route_mismatch"
	reason.message == "The call describes the route list of reports otherwise than services.yaml declares it."
}

test_not_caught_for_a_service_that_is_not_granted if {
	count(route_mismatch.lacks) == 0
		with input as object.union(fixture.call, {"role": "janitor", "service": "series"})
		with data.compiled as fixture.compiled
}
