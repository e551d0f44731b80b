package request.rules.inject_credential_test

import data.lib.fixture_test as fixture
import data.request.rules.inject_credential

test_credential_of_the_service if {
	expected := {
		{"id": "credential", "type": "inject_credential", "properties": {"ref": "reports-key"}},
	}
	inject_credential.obligation == expected
		with input as fixture.call
		with data.compiled as fixture.compiled
}

test_none_for_a_service_without if {
	count(inject_credential.obligation) == 0
		with input as object.union(fixture.call, {"service": "series"})
		with data.compiled as fixture.compiled
}

test_none_without_service if {
	count(inject_credential.obligation) == 0
		with input as object.remove(fixture.call, ["service"])
		with data.compiled as fixture.compiled
}

_people := json.patch(fixture.compiled, [{
	"op": "replace", "path": "/routes/reports/erase/people_credential", "value": "people-key",
}])

_references(question) := {obligation.properties.ref |
	some obligation in inject_credential.obligation with input as question with data.compiled as _people
}

test_people_and_agents_never_take_each_others if {
	_references(fixture.approved) == {"reports-key"}
	_references(object.union(fixture.approved, {"performed_by": "ada"})) == {"people-key"}
	_references(object.union(fixture.approved, {"performed_by": "mallory"})) == set()
}
