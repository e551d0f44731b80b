package jury.rules.input_incomplete_test

import data.jury.rules.input_incomplete
import data.lib.fixture_test as fixture

test_not_caught_when_complete if {
	count(input_incomplete.deny) == 0 with input as fixture.judging
	count(input_incomplete.deny) == 0 with input as object.union(fixture.judging, {"votes": [], "roster": []})
}

test_caught_without[field] if {
	some field, _ in fixture.judging
	_caught(object.remove(fixture.judging, [field]), field)
}

test_caught_with_an_unknown_fact if _caught(object.union(fixture.judging, {"urgent": true}), "urgent")

test_caught_wrong[note] if {
	some note, case in {
		"other version": ["version", "2"],
		"broken time": ["now", 1.5],
		"number type": ["type", 7],
		"short digest": ["digest", "aa"],
		"a juror twice": ["roster", array.concat(fixture.judging.roster, [fixture.judging.roster[0]])],
		"a vote of a stranger": ["votes", [_vote({"juror": "stranger"})]],
		"a vote twice": ["votes", [_vote({}), _vote({"confidence": 90})]],
		"a verdict that is none": ["votes", [_vote({"verdict": "maybe"})]],
		"more than sure": ["votes", [_vote({"confidence": 700})]],
		"less than nothing": ["votes", [_vote({"confidence": -1})]],
		"text for confidence": ["votes", [_vote({"confidence": "99"})]],
		"votes by name": ["votes", {"one": _vote({})}],
	}
	[field, value] := case
	changed := json.patch(fixture.judging, [{"op": "replace", "path": concat("", ["/", field]), "value": value}])
	not_complete(changed, field)
}

not_complete(question, field) if {
	some name in input_incomplete.wrong with input as question
	name == field
}

_vote(change) := object.union(fixture.judging.votes[0], change)

_caught(question, field) if {
	some reason in input_incomplete.deny with input as question
	reason.code == "jury.input_incomplete"
	contains(reason.message, field)
}
