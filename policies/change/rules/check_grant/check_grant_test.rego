package change.rules.check_grant_test

import data.change.rules.check_grant
import data.lib.fixture_test as fixture

_check := object.union(fixture.change, {"action": "check", "via": "check", "scope": [], "service": ""})

test_granted_to[role] if {
	some role in ["coder", "maintainer"]
	check_grant.grant with input as object.union(_check, {"role": role}) with data.compiled as fixture.compiled
}

test_not_granted[note] if {
	some note, changed in {
		"to a role that proposes nothing": {"role": "reader"},
		"to nobody": {"role": "stranger"},
		"by push": {"via": "push"},
		"for anything else": {"action": "create-branch"},
		"to people for anything else": {"action": "merge", "role": "maintainer"},
		"to people by push": {"via": "push", "role": "maintainer"},
	}
	not check_grant.grant with input as object.union(_check, changed) with data.compiled as fixture.compiled
}

test_nothing_without[field] if {
	some field in ["role", "action", "via"]
	not check_grant.grant with input as object.remove(_check, [field]) with data.compiled as fixture.compiled
}
