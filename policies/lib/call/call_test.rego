package lib.call_test

import data.lib.call
import data.lib.fixture_test as fixture

_tables := fixture.compiled

test_route_as_declared if {
	call.route.word == "read:bodies" with input as fixture.call with data.compiled as _tables
}

test_no_route_described_otherwise if {
	other := object.union(fixture.call, {"method": "POST"})
	not call.route with input as other with data.compiled as _tables
	call.route_known with input as other with data.compiled as _tables
}

test_covered if {
	call.covered with input as fixture.call with data.compiled as _tables
	call.action_covered with input as fixture.call with data.compiled as _tables
	call.service_granted with input as fixture.call with data.compiled as _tables
	call.role_known with input as fixture.call with data.compiled as _tables
}

test_nothing_is_proven_without_tables_or_input if {
	not call.route with input as fixture.call with data.compiled as {}
	not call.route with input as {} with data.compiled as _tables
	not call.covered with input as {} with data.compiled as _tables
	not call.action_covered with input as {} with data.compiled as _tables
	not call.service_granted with input as {} with data.compiled as _tables
	not call.route_known with input as {} with data.compiled as _tables
	not call.role_known with input as {} with data.compiled as _tables
}
