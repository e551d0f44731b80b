package request.rules.data_not_granted_test

import data.lib.fixture_test as fixture
import data.request.rules.data_not_granted

test_caught if {
	some reason in data_not_granted.lacks
		with input as object.union(fixture.call, {"route": "list-people", "data": "people"})
		with data.compiled as fixture.compiled
	reason.code == "request.data_not_granted"
	reason.message == "The role reader may read on reports, but not the data class people."
}

test_caught_for_a_service_without_words if {
	some reason in data_not_granted.lacks
		with input as object.union(fixture.call, {"role": "nobody"})
		with data.compiled as fixture.compiled
	reason.message == "The role nobody may read on reports, but not the data class bodies."
}

test_not_caught_for_a_service_that_is_not_granted if {
	count(data_not_granted.lacks) == 0
		with input as object.union(fixture.call, {"role": "nobody", "service": "series", "data": "points"})
		with data.compiled as fixture.compiled
}

test_not_caught_for_granted_data if {
	count(data_not_granted.lacks) == 0 with input as fixture.call with data.compiled as fixture.compiled
}

test_not_caught_for_other_action if {
	count(data_not_granted.lacks) == 0
		with input as object.union(fixture.erasing, {"role": "reader"})
		with data.compiled as fixture.compiled
}

test_not_caught_without_data_because_the_route_mismatches if {
	count(data_not_granted.lacks) == 0
		with input as object.remove(fixture.call, ["data"])
		with data.compiled as fixture.compiled
}
