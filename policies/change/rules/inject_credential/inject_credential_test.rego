package change.rules.inject_credential_test

import data.change.rules.inject_credential
import data.lib.fixture_test as fixture

test_credential_of_the_git_side if {
	inject_credential.obligation == {{
		"id": "credential", "type": "inject_credential",
		"properties": {"ref": "forge-git"},
	}} with input as fixture.change with data.compiled as fixture.compiled
}

test_none_where_there_is_none if {
	tables := object.union(fixture.compiled, {"git": {"code": {"credential": ""}}})
	count(inject_credential.obligation) == 0 with input as fixture.change with data.compiled as tables
}

test_none_but_for_a_push if {
	count(inject_credential.obligation) == 0 with input as object.union(fixture.change, {"via": "api"})
		with data.compiled as fixture.compiled
}

test_none_without_service if {
	count(inject_credential.obligation) == 0 with input as object.remove(fixture.change, ["service"])
		with data.compiled as fixture.compiled
}
