package change.rules.finding

import data.lib.result

# METADATA
# title: Static analysis found something new
# custom:
#   code: change.finding
#   message: "{path}:{line}: {said} ({rule})"
#   remedy: "Mend it; only what is new against the base counts, and a comment does not silence it."
deny contains reason if some reason in result.reasons(rego.metadata.chain(), _found)

_found contains {"path": finding.path, "line": finding.line, "values": values} if {
	some finding in input.findings
	values := {
		"{path}": finding.path,
		"{line}": format_int(finding.line, 10),
		"{rule}": finding.rule,
		"{said}": finding.message,
	}
}
