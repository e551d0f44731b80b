package token.rules.issue_token_test

import data.lib.fixture_test as fixture
import data.token.rules.issue_token

test_one_for_each_service if {
	expected := {
		_token("reports", ["ping", "read:bodies"], 300),
		_token("series", ["read:points"], 300),
	}
	issue_token.obligation == expected
		with input as fixture.asking
		with data.compiled as fixture.compiled
}

test_narrowed if {
	expected := {
		_token("reports", ["read:bodies"], 300),
	}
	issue_token.obligation == expected
		with input as object.union(fixture.asking, {"only": ["read:bodies"]})
		with data.compiled as fixture.compiled
}

test_short_lifetime if {
	expected := {
		_token("reports", ["read:bodies"], 20),
	}
	issue_token.obligation == expected
		with input as object.union(fixture.asking, {"only": ["read:bodies"], "ttl_s": 20})
		with data.compiled as fixture.compiled
}

test_none_without_lifetime if {
	count(issue_token.obligation) == 0
		with input as object.remove(fixture.asking, ["ttl_s"])
		with data.compiled as fixture.compiled
}

test_none_without_role if {
	count(issue_token.obligation) == 0
		with input as object.remove(fixture.asking, ["role"])
		with data.compiled as fixture.compiled
}

_token(service, words, ttl_s) := {
	"id": concat(":", ["token", service]),
	"type": "issue_token",
	"properties": {"audience": service, "scope": words, "ttl_s": ttl_s},
}
