package jury.rules.routine_test

import data.jury.rules.routine
import data.lib.fixture_test as fixture

test_granted_for_a_report if routine.grant with input as object.union(fixture.judging, {"type": "report"})

test_not_granted_for_what_has_consequences[type] if {
	some type in ["create-pr", "alert-team"]
	not routine.grant with input as object.union(fixture.judging, {"type": type})
}

test_not_granted_without_type if not routine.grant with input as object.remove(fixture.judging, ["type"])
