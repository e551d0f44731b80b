package change.rules.evidence_could_not_run_test

import data.change.rules.evidence_could_not_run
import data.lib.fixture_test as fixture

_with(state) := object.union(fixture.change, {"evidence": {"tests": state}})

test_caught if {
	_said(_with("could_not_run")) == {"tests is configured and could not be run, which is no pass."}
}

test_not_caught[state] if {
	some state in ["passed", "absent", "not_configured"]
	count(_denials(_with(state))) == 0
}

test_nothing_without_evidence if {
	count(_denials(object.remove(fixture.change, ["evidence"]))) == 0
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := evidence_could_not_run.deny with input as question with data.compiled as fixture.compiled
}
