package change.rules.too_many_files_test

import data.change.rules.too_many_files
import data.lib.fixture_test as fixture

_totals(number) := fixture.with_facts({"totals": {"files": number}})

test_caught if {
	_said(_totals(11)) == {"The change has 11 files, and the role coder may change 10 at once."}
}

test_caught_whatever_the_total_says if {
	many := [fixture.file(sprintf("src/%d", [number])) | some number in numbers.range(1, 11)]
	count(_denials(fixture.with_facts({"files": many}))) == 1
}

test_not_caught if {
	count(_denials(_totals(10))) == 0
	count(_denials(object.union(_totals(11), {"role": "maintainer"}))) == 0
}

test_caught_without_facts if {
	_said(object.remove(fixture.change, ["facts"])) == {
		"The change has unknown files, and the role coder may change 10 at once.",
	}
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := too_many_files.deny with input as question with data.compiled as fixture.compiled
}
