package request.rules.output_not_judged_test

import data.lib.fixture_test as fixture
import data.request.rules.output_not_judged

_denied(question) if {
	some reason in output_not_judged.deny with input as question with data.compiled as fixture.compiled
	reason.code == "request.output_not_judged"
}

test_caught_without_a_jury if _denied(fixture.validated({"jury": "absent"}))

test_caught_with_a_state_that_nobody_knows if _denied(fixture.validated({"jury": "maybe"}))

test_caught_without_validation if _denied(object.remove(fixture.proposing, ["validation"]))

test_not_caught_once_judged[state] if {
	some state in ["passed", "veto", "no_verdict", "not_configured"]
	count(output_not_judged.deny) == 0
		with input as fixture.validated({"jury": state})
		with data.compiled as fixture.compiled
}

test_not_caught_where_the_schema_speaks if {
	count(output_not_judged.deny) == 0
		with input as fixture.validated({"schema": "failed", "jury": "absent"})
		with data.compiled as fixture.compiled
}

test_not_caught_for_what_has_no_consequences if {
	question := object.union(fixture.validated({"type": "report", "jury": "absent"}), {"route": "hand-in"})
	count(output_not_judged.deny) == 0 with input as question with data.compiled as fixture.compiled
}
