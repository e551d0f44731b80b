package change.rules.evidence_missing_test

import data.change.rules.evidence_missing
import data.lib.fixture_test as fixture

_tables := object.union(fixture.compiled, {"git": {"code": {"push": {"require_evidence": ["tests"]}}}})

_needing(kinds, evidence) := object.union(fixture.change, {"require": kinds, "evidence": evidence})

test_caught[state] if {
	some state, evidence in {
		"absent": {}, "not_configured": {"tests": "not_configured"},
	}
	_said(_needing(["tests"], evidence)) == {sprintf(
		"The change needs tests to have passed for this very commit, and it did not run (%s).",
		[state],
	)}
}

test_caught_where_the_catalogue_demands_it if {
	count(evidence_missing.deny) == 1 with input as fixture.change with data.compiled as _tables
	count(evidence_missing.deny) == 0 with input as object.union(fixture.change, {"via": "api"})
		with data.compiled as _tables
}

test_caught_where_a_person_will_decide[action] if {
	some action in ["create-pr", "merge"]
	question := object.union(fixture.change, {"action": action, "via": "api", "evidence": {"tests": "passed"}})
	count(_denials(question)) == 2
}

test_not_caught[note] if {
	some note, question in {
		"as it stands": fixture.change,
		"passed": _needing(["tests"], {"tests": "passed"}),
		"failed, which another rule says": _needing(["tests"], {"tests": "failed"}),
		"not run, which another rule says": _needing(["tests"], {"tests": "could_not_run"}),
	}
	count(_denials(question)) == 0
}

test_caught_without_evidence if {
	count(_denials(object.remove(_needing(["tests"], {}), ["evidence"]))) == 1
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := evidence_missing.deny with input as question with data.compiled as fixture.compiled
}
