package token_test

import data.lib.fixture_test as fixture
import data.token

test_allows_one_token_for_each_service if {
	document := token.decision with input as fixture.asking with data.compiled as fixture.compiled
	document.allow == true
	[obligation.properties.audience | some obligation in document.obligations] == ["reports", "series"]
}

test_denies_more_than_the_role if {
	question := object.union(fixture.asking, {"only": ["erase:bodies"]})
	document := token.decision with input as question with data.compiled as fixture.compiled
	document.allow == false
	document.obligations == []
	[reason.code | some reason in document.reasons] == ["token.scope_wider"]
}

test_denies_a_lifetime_out_of_range if {
	question := object.union(fixture.asking, {"ttl_s": 7200})
	document := token.decision with input as question with data.compiled as fixture.compiled
	document.allow == false
	document.obligations == []
}

test_a_question_lacking_one_fact_is_never_allowed[field] if {
	some field, _ in fixture.asking
	question := object.remove(fixture.asking, [field])
	document := token.decision with input as question with data.compiled as fixture.compiled
	document.allow == false
}

test_every_denial_is_heard[code] if {
	some code, change in {
		"token.role_unknown": {"role": "writer"},
		"token.scope_wider": {"only": ["erase:bodies"]},
		"token.nothing_granted": {"role": "nobody"},
		"token.ttl_out_of_range": {"ttl_s": 0},
		"token.input_incomplete": {"renewal": "no"},
	}
	question := object.union(fixture.asking, change)
	document := token.decision with input as question with data.compiled as fixture.compiled
	[reason.code | some reason in document.reasons] == [code]
}

test_a_veto_is_heard_without_being_named if {
	late := {"code": "token.late", "message": "It is late.", "rule": "token.vetoes.late"}
	document := token.decision with input as fixture.asking
		with data.compiled as fixture.compiled
		with token.vetoes as {"late": {"deny": {late}}, "early": {"deny": set()}}
	document.allow == false
	[reason.code | some reason in document.reasons] == ["token.late"]
}
