package request_test

import data.lib.fixture_test as fixture
import data.request

test_allows_with_all_obligations if {
	document := request.decision with input as fixture.call with data.compiled as fixture.compiled
	document.allow == true
	document.hold == null
	{obligation.type | some obligation in document.obligations} == {
		"inject_credential", "rate_limit", "max_body_bytes", "timeout_ms",
	}
}

test_denies_and_still_counts_the_attempt if {
	other := object.union(fixture.call, {"route": "list-people", "data": "people"})
	document := request.decision with input as other with data.compiled as fixture.compiled
	document.allow == false
	[reason.code | some reason in document.reasons] == ["request.data_not_granted"]
	[obligation.type | some obligation in document.obligations] == ["rate_limit"]
}

test_a_veto_names_the_grant_it_met if {
	other := object.union(fixture.call, {"body_bytes": 500})
	document := request.decision with input as other with data.compiled as fixture.compiled
	[reason.message | some reason in document.reasons] == [concat(" ", [
		"The body of 500 bytes is over the limit of 400 bytes.",
		"(request.rules.role_grant grants it, request.rules.body_too_large comes first.)",
	])]
}

test_holds_with_the_credential if {
	document := request.decision with input as fixture.erasing with data.compiled as fixture.compiled
	document.allow == false
	document.hold.template == "irreversible"
	some obligation in document.obligations
	obligation.type == "inject_credential"
}

test_every_answer_is_a_whole_document[note] if {
	some note, question in {
		"empty": {}, "number": 5, "list": [], "null": null, "call": fixture.call, "held": fixture.erasing,
		"role": {"role": "reader"},
	}
	document := request.decision with input as question with data.compiled as fixture.compiled
	object.keys(document) == {"version", "allow", "reasons", "obligations", "hold", "cacheable_s"}
}

test_denies_without_any_tables if {
	document := request.decision with input as fixture.call with data.compiled as {}
	document.allow == false
	[reason.code | some reason in document.reasons] == ["request.role_unknown"]
}

test_a_complete_call_lacking_one_fact_is_never_allowed[field] if {
	some field, _ in fixture.call
	question := object.remove(fixture.call, [field])
	document := request.decision with input as question with data.compiled as fixture.compiled
	document.allow == false
	some reason in document.reasons
	reason.code == "request.input_incomplete"
}

test_every_denial_is_heard[code] if {
	some code, change in {
		"request.role_unknown": {"role": "writer"},
		"request.service_not_granted": {"role": "janitor", "service": "series", "data": "points"},
		"request.route_unknown": {"route": "lost"},
		"request.route_mismatch": {"method": "POST"},
		"request.action_not_granted": {"role": "nobody", "route": "ping", "action": "ping", "data": ""},
		"request.data_not_granted": {"route": "list-people", "data": "people"},
		"request.scope_not_in_token": {"scope": ["ping"]},
		"request.body_too_large": {"body_bytes": 500},
		"request.input_incomplete": {"query": 5},
	}
	question := object.union(fixture.call, change)
	document := request.decision with input as question with data.compiled as fixture.compiled
	document.allow == false
	[reason.code | some reason in document.reasons] == [code]
}

test_what_takes_effect_is_allowed_once_validated if {
	document := request.decision with input as fixture.proposing with data.compiled as fixture.compiled
	document.allow == true
}

test_every_denial_of_an_output_is_heard[code] if {
	some code, change in {
		"request.output_not_validated": {"type": "report"},
		"request.output_invalid": {"schema": "failed", "jury": "absent"},
		"request.output_not_judged": {"jury": "absent"},
		"request.output_vetoed": {"jury": "veto"},
	}
	document := request.decision with input as fixture.validated(change) with data.compiled as fixture.compiled
	document.allow == false
	document.hold == null
	[reason.code | some reason in document.reasons] == [code]
}

test_no_verdict_goes_to_a_person[state] if {
	some state in ["no_verdict", "not_configured"]
	document := request.decision
		with input as fixture.validated({"jury": state})
		with data.compiled as fixture.compiled
	document.allow == false
	document.hold.template == "output"
}

# A jury can only tighten: where policy grants nothing, its pass grants nothing either.
test_a_pass_of_the_jury_grants_nothing if {
	question := object.union(fixture.proposing, {"role": "reader"})
	document := request.decision with input as question with data.compiled as fixture.compiled
	document.allow == false
	document.hold == null
}

_limited := json.patch(
	fixture.compiled,
	[{"op": "add", "path": "/roles/janitor/hold_after_denials", "value": 3}],
)

_denied(question) := fixture.with_history(question, {"denials_in_a_row": 3})

test_holds_after_denials if {
	question := fixture.with_history(object.union(fixture.call, {"role": "reader"}), {"denials_in_a_row": 3})
	limited := json.patch(_limited, [{"op": "add", "path": "/roles/reader/hold_after_denials", "value": 3}])
	decision := request.decision with input as question with data.compiled as limited
	decision.hold.template == "denials"
}

test_another_reason_to_hold_comes_before_denials if {
	decision := request.decision with input as _denied(fixture.erasing) with data.compiled as _limited
	decision.hold.template == "irreversible"
}

test_an_approval_for_another_reason_suffices_after_denials if {
	request.decision.allow with input as _denied(fixture.approved) with data.compiled as _limited
}

test_a_veto_is_heard_without_being_named if {
	late := {"code": "request.late", "message": "It is late.", "rule": "request.vetoes.late"}
	document := request.decision with input as fixture.call
		with data.compiled as fixture.compiled
		with request.vetoes as {"late": {"deny": {late}}, "early": {"deny": set()}}
	document.allow == false
	[reason.code | some reason in document.reasons] == ["request.late"]
}
