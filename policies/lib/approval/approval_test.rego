package lib.approval_test

import data.lib.approval
import data.lib.fixture_test as fixture

_given(question, tables) if approval.given.irreversible with input as question with data.compiled as tables

_said(change) := object.union(fixture.approved, {"approval": object.union(fixture.approval, change)})

_two := json.patch(fixture.compiled, [{"op": "replace", "path": "/approvals/irreversible/needed", "value": 2}])

test_given if _given(fixture.approved, fixture.compiled)

test_not_given_for_another_call_or_by_another_person[note] if {
	some note, change in {
		"another digest": {"call_sha256": "bbbb"},
		"another template": {"template": "merge"},
		"another policy": {"revision_matches": false},
		"from the future": {"approved_at": fixture.approved.now + 1},
		"over": {"expires_at": fixture.approved.now},
		"a stranger": {"approvers": ["mallory"]},
		"nobody": {"approvers": []},
	}
	not _given(_said(change), fixture.compiled)
}

test_not_given_where_a_part_is_missing[part] if {
	some part in ["template", "approvers", "call_sha256", "approved_at", "expires_at", "revision_matches", "standing"]
	question := object.union(
		object.remove(fixture.approved, ["approval"]),
		{"approval": object.remove(fixture.approval, [part])},
	)
	not _given(question, fixture.compiled)
}

test_not_given_without_a_digest if {
	question := object.union(_said({"call_sha256": ""}), {"call_sha256": ""})
	not _given(question, fixture.compiled)
}

test_not_given_by_the_one_who_asks[name] if {
	some name in ["role", "workflow"]
	not _given(object.union(fixture.approved, {name: "ada"}), fixture.compiled)
}

test_what_was_granted_beforehand_is_told_apart if {
	before := _said({"standing": true})
	not _given(before, fixture.compiled)
	approval.standing.irreversible with input as before with data.compiled as fixture.compiled
	not approval.standing.irreversible with input as fixture.approved with data.compiled as fixture.compiled
}

test_four_eyes_are_two_persons if {
	not _given(_said({"approvers": ["ada"]}), _two)
	not _given(_said({"approvers": ["ada", "ada"]}), _two)
	not _given(_said({"approvers": ["ada", "mallory"]}), _two)
	_given(_said({"approvers": ["ada", "bob"]}), _two)
}

test_terms_of_an_unknown_name_name_nobody if {
	approval.terms("lost") == {"template": "lost", "approvers": [], "needed": 1, "expires_in_s": 600}
		with data.compiled as fixture.compiled
}

_not_starter := json.patch(fixture.compiled, [{
	"op": "add", "path": "/approvals/irreversible/not_starter", "value": true,
}])

_started(question, person) := object.union(question, {"started_by": person})

test_who_started_it_is_heard_unless_declared_otherwise if {
	_given(_started(fixture.approved, "ada"), fixture.compiled)
	not _given(_started(fixture.approved, "ada"), _not_starter)
	_given(_started(fixture.approved, "bob"), _not_starter)
}

test_who_started_it_is_not_among_the_terms if {
	question := _started(fixture.approved, "ada")
	approval.terms("irreversible").approvers == ["bob"] with input as question with data.compiled as _not_starter
	approval.terms("irreversible").approvers == ["ada", "bob"]
		with input as question
		with data.compiled as fixture.compiled
}

test_too_few_are_nobody if {
	four := json.patch(_not_starter, [{"op": "replace", "path": "/approvals/irreversible/needed", "value": 2}])
	approval.terms("irreversible").approvers == []
		with input as _started(fixture.approved, "ada")
		with data.compiled as four
}

test_nobody_is_heard_where_nobody_knows_who_started_it[note] if {
	some note, question in {
		"no name": _started(fixture.approved, ""),
		"not told": object.remove(fixture.approved, ["started_by"]),
	}
	not _given(question, _not_starter)
	approval.terms("irreversible").approvers == [] with input as question with data.compiled as _not_starter
}
