package change.rules.irregular_name_test

import data.change.rules.irregular_name
import data.lib.fixture_test as fixture

_with(kind) := fixture.with_facts({"irregular": [{"kind": kind, "path": "a/b", "detail": "why"}]})

test_caught[kind] if {
	some kind in ["not_utf8", "bad_name", "case_twin", "unicode_twin"]
	_said(_with(kind)) == {sprintf("a/b has a name that cannot be judged safely (%s): why", [kind])}
}

test_not_caught if {
	count(_denials(fixture.change)) == 0
	count(_denials(_with("mode"))) == 0
}

test_nothing_without_facts if {
	count(_denials(object.remove(fixture.change, ["facts"]))) == 0
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := irregular_name.deny with input as question with data.compiled as fixture.compiled
}
