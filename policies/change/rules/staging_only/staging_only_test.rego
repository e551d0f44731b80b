package change.rules.staging_only_test

import data.change.rules.staging_only
import data.lib.fixture_test as fixture

_meta(base) := object.union(
	fixture.with_facts({"base": {"ref": base, "commit": "1111"}}),
	{"role": "meta-workflow"},
)

test_caught if {
	_said(_meta("main")) == {
		"main is no staging branch of code, and the role meta-workflow may aim at no other.",
	}
}

test_not_caught if {
	count(_denials(_meta("staging"))) == 0
	count(_denials(fixture.change)) == 0
}

test_caught_where_no_staging_is_known if {
	count(_denials(object.union(_meta("staging"), {"service": "reports"}))) == 1
}

test_caught_without_facts if {
	count(_denials(object.remove(_meta("staging"), ["facts"]))) == 1
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := staging_only.deny with input as question with data.compiled as fixture.compiled
}
