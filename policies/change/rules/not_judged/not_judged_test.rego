package change.rules.not_judged_test

import data.change.rules.not_judged
import data.lib.fixture_test as fixture

test_caught[state] if {
	some state in ["absent", "could_not_run", "maybe"]
	count(not_judged.deny) == 1 with input as _proposed({"schema": "passed", "jury": state})
}

test_caught_without_evidence if {
	count(not_judged.deny) == 1 with input as _proposed({})
	count(not_judged.deny) == 1 with input as object.remove(_proposed({}), ["evidence"])
}

test_not_caught_when_judged[state] if {
	some state in ["passed", "failed", "no_verdict", "not_configured"]
	count(not_judged.deny) == 0 with input as _proposed({"schema": "passed", "jury": state})
}

test_not_caught_where_the_schema_failed if {
	count(not_judged.deny) == 0 with input as _proposed({"schema": "failed"})
}

test_not_caught_where_a_person_decides_anyway[action] if {
	some action in ["merge", "check", "create-branch"]
	count(not_judged.deny) == 0 with input as object.union(fixture.change, {"action": action})
}

_proposed(evidence) := object.union(fixture.change, {"action": "create-pr", "via": "api", "evidence": evidence})
