package token.rules.input_incomplete_test

import data.lib.fixture_test as fixture
import data.token.rules.input_incomplete

test_not_caught_when_complete if {
	count(input_incomplete.deny) == 0 with input as fixture.asking
	count(input_incomplete.wrong) == 0 with input as fixture.asking
}

test_caught_without[field] if {
	some field, _ in fixture.asking
	_caught(object.remove(fixture.asking, [field]), field)
}

test_caught_with_an_unknown_fact if _caught(object.union(fixture.asking, {"urgent": true}), "urgent")

test_caught_as_null[field] if {
	some field, _ in fixture.asking
	_caught(object.union(fixture.asking, {field: null}), field)
}

test_caught_wrong[note] if {
	some note, case in {
		"other version": ["version", "2"],
		"time as text": ["now", "1"],
		"broken time": ["now", 1.5],
		"number role": ["role", 7],
		"text only": ["only", "ping"],
		"object only": ["only", {}],
		"number in only": ["only", ["ping", 7]],
		"text lifetime": ["ttl_s", "600"],
		"broken lifetime": ["ttl_s", 1.5],
		"text renewal": ["renewal", "no"],
	}
	[field, value] := case
	changed := json.patch(fixture.asking, [{"op": "replace", "path": concat("", ["/", field]), "value": value}])
	_caught(changed, field)
}

test_names_all_that_is_wrong if {
	input_incomplete.wrong == object.keys(fixture.asking) with input as 5
}

_caught(question, field) if {
	some reason in input_incomplete.deny with input as question
	reason.code == "token.input_incomplete"
	reason.message == sprintf("The workflow was not described completely; wrong or missing: %s.", [field])
}
