package change.rules.secret_found_test

import data.change.rules.secret_found
import data.lib.fixture_test as fixture

_secret := {"rule": "github-token", "path": "src/app.py", "commit": "33333333333333333333", "line": 7}

test_caught if {
	_said(fixture.with_facts({"secrets": [_secret]})) == {
		"src/app.py:7 in commit 333333333333 looks like a secret (github-token).",
	}
	some reason in _denials(fixture.with_facts({"secrets": [_secret]}))
	[reason.path, reason.line] == ["src/app.py", 7]
}

test_caught_for_people_too if {
	count(_denials(object.union(fixture.with_facts({"secrets": [_secret]}), {"role": "maintainer"}))) == 1
}

test_not_caught if {
	count(_denials(fixture.change)) == 0
}

test_nothing_without_facts if {
	count(_denials(object.remove(fixture.change, ["facts"]))) == 0
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := secret_found.deny with input as question with data.compiled as fixture.compiled
}
