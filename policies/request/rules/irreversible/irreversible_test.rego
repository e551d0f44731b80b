package request.rules.irreversible_test

import data.lib.fixture_test as fixture
import data.request.rules.irreversible

test_held if {
	irreversible.hold.terms == {
		"template": "irreversible", "approvers": ["ada", "bob"], "needed": 1, "expires_in_s": 600,
	}
		with input as fixture.erasing
		with data.compiled as fixture.compiled
	irreversible.hold.reason.code == "request.irreversible"
		with input as fixture.erasing
		with data.compiled as fixture.compiled
}

test_not_held_for_what_can_be_undone if {
	not irreversible.hold with input as fixture.call with data.compiled as fixture.compiled
}

test_not_held_once_approved if {
	not irreversible.hold with input as fixture.approved with data.compiled as fixture.compiled
}

test_held_where_nobody_may_approve if {
	nobody := json.patch(fixture.compiled, [{"op": "remove", "path": "/approvals"}])
	irreversible.hold.terms.approvers == [] with input as fixture.approved with data.compiled as nobody
}

test_nothing_without_route if {
	not irreversible.hold
		with input as object.remove(fixture.erasing, ["route"])
		with data.compiled as fixture.compiled
}

_people := json.patch(fixture.compiled, [{
	"op": "replace", "path": "/routes/reports/erase/people_credential", "value": "people-key",
}])

test_held_for_an_agent_where_people_make_the_call_themselves if {
	irreversible.hold with input as fixture.approved with data.compiled as _people
}

test_not_held_for_the_person_who_approved if {
	question := object.union(fixture.approved, {"performed_by": "ada"})
	not irreversible.hold with input as question with data.compiled as _people
}

test_held_for_a_person_who_did_not if {
	question := object.union(fixture.approved, {"performed_by": "bob"})
	irreversible.hold with input as question with data.compiled as _people
}

test_held_whatever_was_granted_beforehand if {
	before := object.union(fixture.approved, {"approval": object.union(fixture.approval, {"standing": true})})
	irreversible.hold with input as before with data.compiled as fixture.compiled
}

_merging := object.union(fixture.call, {
	"role": "coder", "scope": ["merge"], "service": "code", "route": "merge-pr", "action": "merge", "data": "",
	"method": "PUT", "call_sha256": fixture.digest, "performed_by": "ada",
	"approval": object.union(fixture.approval, {"template": "merge", "approvers": ["ada", "bob"]}),
})

test_a_merge_is_held_on_terms_of_its_own if {
	question := object.union(_merging, {"approval": null})
	irreversible.hold.terms.template == "merge" with input as question with data.compiled as fixture.compiled
}

test_a_merge_is_not_held_once_approved_as_one if {
	not irreversible.hold with input as _merging with data.compiled as fixture.compiled
	other := object.union(_merging, {"approval": object.union(_merging.approval, {"template": "irreversible"})})
	irreversible.hold with input as other with data.compiled as fixture.compiled
}
