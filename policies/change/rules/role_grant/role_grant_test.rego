package change.rules.role_grant_test

import data.change.rules.role_grant
import data.lib.fixture_test as fixture

test_granted_push if {
	role_grant.grant with input as fixture.change with data.compiled as fixture.compiled
}

test_granted_by_another_door if {
	role_grant.grant with input as object.union(fixture.change, {"via": "api", "action": "create-pr"})
		with data.compiled as fixture.compiled
}

test_not_granted[note] if {
	some note, changed in {
		"to another role": {"role": "reader"},
		"on another service": {"service": "reports"},
		"for another class of data": {"data": "bodies"},
		"for a check": {"via": "check", "action": "check"},
		"for a push that the catalogue calls otherwise": {"action": "create-pr"},
		"for a merge by push": {"action": "merge"},
	}
	not role_grant.grant with input as object.union(fixture.change, changed) with data.compiled as fixture.compiled
}

test_nothing_without[field] if {
	some field in ["role", "service", "action", "data", "via"]
	not role_grant.grant with input as object.remove(fixture.change, [field])
		with data.compiled as fixture.compiled
}
