package request.rules.input_incomplete_test

import data.lib.fixture_test as fixture
import data.request.rules.input_incomplete

test_not_caught_when_complete if {
	count(input_incomplete.deny) == 0 with input as fixture.call
	count(input_incomplete.wrong) == 0 with input as fixture.call
}

test_caught_without[field] if {
	some field, _ in fixture.call
	_caught(object.remove(fixture.call, [field]), field)
}

test_caught_with_an_unknown_fact if _caught(object.union(fixture.call, {"urgent": true}), "urgent")

test_caught_as_null[field] if {
	some field, _ in object.remove(fixture.call, ["approval"])
	_caught(object.union(fixture.call, {field: null}), field)
}

test_caught_wrong[note] if {
	some note, case in {
		"other version": ["version", "2"],
		"number version": ["version", 1],
		"time as text": ["now", "1763890000"],
		"broken time": ["now", 1.5],
		"number workflow": ["workflow", 7],
		"list role": ["role", ["reader"]],
		"text scope": ["scope", "read:bodies"],
		"number in scope": ["scope", ["ping", 7]],
		"object scope": ["scope", {"ping": "ping"}],
		"text scan": ["scan", "clean"],
		"number in scan": ["scan", [7]],
		"object scan": ["scan", {}],
		"list params": ["params", ["7"]],
		"text params": ["params", "7"],
		"number in params": ["params", {"id": 7}],
		"text approval": ["approval", "given"],
		"number digest": ["call_sha256", 7],
		"number body digest": ["body_sha256", 7],
		"half of what is spent": ["tokens_spent", {"workflow": 1}],
		"text for what is spent": ["tokens_spent", {"workflow": 1, "role_today": "1"}],
		"broken number of what is spent": ["tokens_spent", {"workflow": 0.5, "role_today": 1}],
		"half a history": ["history", object.remove(fixture.call.history, ["data_read"])],
		"unknown fact of history": ["history", object.union(fixture.call.history, {"mood": "good"})],
		"text of nine letters": ["history", "blameless"],
		"text validation": ["validation", "passed"],
		"half a validation": ["validation", {"type": "", "schema": "passed"}],
		"number in validation": ["validation", {"type": "", "schema": 1, "jury": "passed", "problems": []}],
		"text for problems": ["validation", {"type": "", "schema": "passed", "jury": "passed", "problems": ""}],
		"text length": ["body_bytes", "0"],
		"negative length": ["body_bytes", -2],
		"broken length": ["body_bytes", 0.5],
		"number query": ["query", 0],
		"false type": ["content_type", false],
	}
	[field, value] := case
	changed := json.patch(fixture.call, [{"op": "replace", "path": concat("", ["/", field]), "value": value}])
	_caught(changed, field)
}

test_names_all_that_is_wrong if {
	input_incomplete.wrong == object.keys(fixture.call) with input as 5
}

_caught(question, field) if {
	some reason in input_incomplete.deny with input as question
	reason.code == "request.input_incomplete"
	reason.message == sprintf("The call was not described completely; wrong or missing: %s.", [field])
}

test_not_caught_without_an_announced_length if {
	question := object.union(fixture.call, {"body_bytes": -1})
	count(input_incomplete.deny) == 0 with input as question
	count(input_incomplete.wrong) == 0 with input as question
}

test_an_approval_is_no_flaw if {
	input_incomplete.wrong == {"query"} with input as object.union(fixture.approved, {"query": 5})
}
