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
