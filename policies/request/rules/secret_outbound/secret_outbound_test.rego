package request.rules.secret_outbound_test

import data.lib.fixture_test as fixture
import data.request.rules.secret_outbound

test_caught_with_a_finding if {
	some reason in secret_outbound.deny
		with input as object.union(fixture.call, {"scan": ["pattern.github-token"]})
		with data.compiled as fixture.compiled
	reason.code == "request.secret_outbound"
	contains(reason.message, ": pattern.github-token.")
}

test_all_findings_are_named if {
	some reason in secret_outbound.deny
		with input as object.union(fixture.call, {"scan": ["body.too_large", "secret.reports-key"]})
		with data.compiled as fixture.compiled
	contains(reason.message, ": body.too_large, secret.reports-key.")
}

test_not_caught_when_clean if {
	count(secret_outbound.deny) == 0 with input as fixture.call with data.compiled as fixture.compiled
}

# Without the fact there is nothing to say here: `input_incomplete` denies.
test_nothing_without_scan if {
	count(secret_outbound.deny) == 0
		with input as object.remove(fixture.call, ["scan"])
		with data.compiled as fixture.compiled
}
