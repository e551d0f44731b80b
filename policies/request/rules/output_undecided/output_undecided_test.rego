package request.rules.output_undecided_test

import data.lib.fixture_test as fixture
import data.request.rules.output_undecided

test_held[state] if {
	some state in ["no_verdict", "not_configured"]
	output_undecided.hold.terms.template == "output"
		with input as fixture.validated({"jury": state})
		with data.compiled as fixture.compiled
}

test_not_held_once_approved if {
	question := object.union(
		fixture.validated({"jury": "no_verdict"}),
		{"call_sha256": fixture.digest, "approval": object.union(fixture.approval, {"template": "output"})},
	)
	not output_undecided.hold with input as question with data.compiled as fixture.compiled
}

test_not_held_when_passed_or_vetoed[state] if {
	some state in ["passed", "veto", "absent"]
	not output_undecided.hold
		with input as fixture.validated({"jury": state})
		with data.compiled as fixture.compiled
}

test_nothing_without_validation if {
	not output_undecided.hold
		with input as object.remove(fixture.proposing, ["validation"])
		with data.compiled as fixture.compiled
}
