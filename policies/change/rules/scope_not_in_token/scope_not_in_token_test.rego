package change.rules.scope_not_in_token_test

import data.change.rules.scope_not_in_token
import data.lib.fixture_test as fixture

test_caught if {
	_said(object.union(fixture.change, {"scope": ["read"]})) == {
		"This workflow was started without create-branch, which its role coder has.",
	}
}

test_not_caught[note] if {
	some note, changed in {
		"as it stands": {},
		"for a check": {"action": "check", "via": "check", "scope": []},
		"where nothing is granted": {"role": "reader", "scope": []},
	}
	count(_denials(object.union(fixture.change, changed))) == 0
}

test_caught_without_scope if {
	count(_denials(object.remove(fixture.change, ["scope"]))) == 1
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := scope_not_in_token.deny with input as question with data.compiled as fixture.compiled
}
