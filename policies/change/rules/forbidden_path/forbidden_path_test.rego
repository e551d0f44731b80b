package change.rules.forbidden_path_test

import data.change.rules.forbidden_path
import data.lib.fixture_test as fixture

_changing(path) := fixture.with_facts({"files": [fixture.file(path)], "touched": []})

test_caught[path] if {
	some path in ["auth/login.py", "auth/deep/er/x", "AUTH/login.py"]
	_said(_changing(path)) == {sprintf("%s is forbidden to the role coder by auth/*.", [path])}
}

test_caught_on_the_way if {
	touched := [{"path": "auth/x", "folded": "auth/x", "mode": ""}]
	count(_denials(fixture.with_facts({"touched": touched}))) == 1
}

test_not_caught[path] if {
	some path in ["author/x.py", "src/auth/x.py", "auth", "auth.py", "oauth/x"]
	count(_denials(_changing(path))) == 0
}

test_each_path_is_named_up_to_five if {
	many := [fixture.file(sprintf("auth/%d", [number])) | some number in numbers.range(10, 19)]
	said := _said(fixture.with_facts({"files": many}))
	count(said) == 5
	"auth/14 is forbidden to the role coder by auth/*. And 5 more like this." in said
	five := array.slice(many, 0, 5)
	every message in _said(fixture.with_facts({"files": five})) { not contains(message, "more") }
}

test_nothing_without_role if {
	count(_denials(object.remove(_changing("auth/x"), ["role"]))) == 0
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := forbidden_path.deny with input as question with data.compiled as fixture.compiled
}
