package request.rules.service_not_granted_test

import data.lib.fixture_test as fixture
import data.request.rules.service_not_granted

test_caught if {
	some reason in service_not_granted.lacks
		with input as object.union(fixture.call, {"role": "janitor", "service": "series"})
		with data.compiled as fixture.compiled
	reason.code == "request.service_not_granted"
	reason.message == "The role janitor does not have the service series."
}

test_not_caught_for_a_service_without_words if {
	count(service_not_granted.lacks) == 0
		with input as object.union(fixture.call, {"role": "nobody"})
		with data.compiled as fixture.compiled
}

test_not_caught_for_an_unknown_role if {
	count(service_not_granted.lacks) == 0
		with input as object.union(fixture.call, {"role": "writer"})
		with data.compiled as fixture.compiled
}

test_caught_without_service if {
	some reason in service_not_granted.lacks
		with input as object.remove(fixture.call, ["service"])
		with data.compiled as fixture.compiled
	reason.code == "request.service_not_granted"
	reason.message == "The role reader does not have the service ."
}
