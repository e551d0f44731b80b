package change.rules.finding_test

import data.change.rules.finding
import data.lib.fixture_test as fixture

_finding := {"rule": "eval", "path": "src/app.py", "line": 3, "severity": "ERROR", "message": "Runs text as code."}

test_caught if {
	_said(object.union(fixture.change, {"findings": [_finding]})) == {"src/app.py:3: Runs text as code. (eval)"}
}

test_what_steers_a_terminal_is_not_said if {
	evil := object.union(_finding, {"path": "a\u001b[2J\u202eb", "message": "x"})
	_said(object.union(fixture.change, {"findings": [evil]})) == {"a\ufffd[2J\ufffdb:3: x (eval)"}
}

test_not_caught if {
	count(_denials(fixture.change)) == 0
}

test_nothing_without_findings if {
	count(_denials(object.remove(fixture.change, ["findings"]))) == 0
}

_said(question) := {reason.message | some reason in _denials(question)}

_denials(question) := found if {
	found := finding.deny with input as question with data.compiled as fixture.compiled
}
