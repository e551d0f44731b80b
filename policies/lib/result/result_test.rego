package lib.result_test

import data.lib.result

_chain := [{
	"path": ["request", "rules", "some_rule", "deny"],
	"annotations": {"custom": {
		"code": "request.some_rule",
		"message": "{role} on {service}: {extra}, {unknown}.",
		"remedy": "Ask {service}.",
		"audience": "operator",
		"retry": "retry",
	}},
}]

test_fills_from_input_and_values if {
	reason := result.reason(_chain, {"{extra}": "{role}"}) with input as {"role": "{service}", "service": "s"}
	reason == {
		"code": "request.some_rule",
		"message": "{service} on s: {role}, {unknown}.",
		"remedy": "Ask s.",
		"rule": "request.rules.some_rule",
		"audience": "operator",
		"retry": "retry",
	}
}

test_speaks_without_input if {
	reason := result.reason(_chain, {}) with input as {}
	reason.message == " on : {extra}, {unknown}."
}

test_leaves_out_what_is_not_text if {
	reason := result.reason(_chain, {}) with input as {"role": 5, "service": "s"}
	reason.message == "{role} on s: {extra}, {unknown}."
}

test_audience_and_retry_have_defaults if {
	bare := [{"path": ["a", "b"], "annotations": {"custom": {"code": "a.b", "message": "m", "remedy": "r"}}}]
	reason := result.reason(bare, {}) with input as {}
	reason.audience == "agent"
	reason.retry == "final"
}

test_many_places_in_order_and_how_many_more if {
	found := {{"path": path, "line": 0, "values": {"{extra}": path}} | some path in ["f", "b", "a", "d", "c", "e"]}
	reasons := result.reasons(_chain, found) with input as {}
	{reason.path | some reason in reasons} == {"a", "b", "c", "d", "e"}
	{reason.message | some reason in reasons; reason.path in {"a", "e"}} == {
		" on : a, {unknown}.",
		" on : e, {unknown}. And 1 more like this.",
	}
}

test_no_places_no_reasons if {
	result.reasons(_chain, set()) == set() with input as {}
}

test_text_is_shown_short_and_harmless if {
	result.shown("a\u001bb\u202ec\u2028d é") == "a\ufffdb\ufffdc\ufffdd é"
	count(result.shown(sprintf("%200s", ["x"]))) == 160
}
