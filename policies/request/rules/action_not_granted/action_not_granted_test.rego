package request.rules.action_not_granted_test

import data.lib.fixture_test as fixture
import data.request.rules.action_not_granted

test_caught if {
	some reason in action_not_granted.lacks
		with input as object.union(fixture.erasing, {"role": "reader"})
		with data.compiled as fixture.compiled
	reason.code == "request.action_not_granted"
	reason.message == "The role reader may not erase on reports."
}

test_caught_for_a_service_without_words if {
	some reason in action_not_granted.lacks
		with input as object.union(fixture.call, {"role": "nobody", "route": "ping", "action": "ping", "data": ""})
		with data.compiled as fixture.compiled
	reason.code == "request.action_not_granted"
	reason.message == "The role nobody may not ping on reports."
}

test_not_caught_for_other_data if {
	count(action_not_granted.lacks) == 0
		with input as object.union(fixture.call, {"route": "list-people", "data": "people"})
		with data.compiled as fixture.compiled
}

test_not_caught_for_a_mismatched_route if {
	count(action_not_granted.lacks) == 0
		with input as object.union(fixture.call, {"action": "erase"})
		with data.compiled as fixture.compiled
}

test_not_caught_for_a_service_that_is_not_granted if {
	count(action_not_granted.lacks) == 0
		with input as object.union(fixture.call, {"role": "janitor", "service": "series", "data": "points"})
		with data.compiled as fixture.compiled
}

test_not_caught_without_action_because_the_route_mismatches if {
	count(action_not_granted.lacks) == 0
		with input as object.remove(fixture.call, ["action"])
		with data.compiled as fixture.compiled
}
