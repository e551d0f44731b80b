package request.rules.role_grant_test

import data.lib.fixture_test as fixture
import data.request.rules.role_grant

test_granted_word if {
	role_grant.grant with input as fixture.call with data.compiled as fixture.compiled
}

test_granted_word_without_data if {
	role_grant.grant
		with input as object.union(fixture.call, {"route": "ping", "action": "ping", "data": ""})
		with data.compiled as fixture.compiled
}

test_other_data_is_not_granted if {
	not role_grant.grant
		with input as object.union(fixture.call, {"route": "list-people", "data": "people"})
		with data.compiled as fixture.compiled
}

test_route_described_otherwise_is_not_granted if {
	not role_grant.grant
		with input as object.union(fixture.call, {"route": "erase"})
		with data.compiled as fixture.compiled
}

test_other_role_is_not_granted if {
	not role_grant.grant
		with input as object.union(fixture.call, {"role": "janitor"})
		with data.compiled as fixture.compiled
}

test_nothing_without_role if {
	not role_grant.grant
		with input as object.remove(fixture.call, ["role"])
		with data.compiled as fixture.compiled
}

test_nothing_without_route if {
	not role_grant.grant
		with input as object.remove(fixture.call, ["route"])
		with data.compiled as fixture.compiled
}

test_nothing_without_data if {
	not role_grant.grant
		with input as object.remove(fixture.call, ["data"])
		with data.compiled as fixture.compiled
}
