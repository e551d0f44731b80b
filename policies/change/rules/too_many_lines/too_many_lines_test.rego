package change.rules.too_many_lines_test

import data.change.rules.too_many_lines
import data.lib.fixture_test as fixture

_totals(number) := fixture.with_facts({"totals": {"lines": number}})

test_caught if {
	_said(_totals(501)) == {"The change has 501 lines, and the role coder may change 500 at once."}
}

test_caught_whatever_the_total_says if {
	count(_denials(fixture.with_facts({"files": [object.union(fixture.file("src/x"), {"lines": 501})]}))) == 1
}

test_not_caught if {
	count(_denials(_totals(500))) == 0
	count(_denials(object.union(_totals(501), {"role": "maintainer"}))) == 0
}

test_caught_without_facts if {
	_said(object.remove(fixture.change, ["facts"])) == {
		"The change has unknown lines, and the role coder may change 500 at once.",
	}
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := too_many_lines.deny with input as question with data.compiled as fixture.compiled
}
