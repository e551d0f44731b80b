# METADATA
# title: Policy about policies
# description: >-
#   What every folder of a rule or a veto must look like, so that none is silent, unnamed, untested or
#   forgotten. The input holds the text of every file by its path in the tree, and the annotations that
#   `opa inspect` lists.
package conventions

# METADATA
# title: What breaks a convention, and in which file
# scope: document
violation contains _found(path, "a rule file must define one of grant, lacks, deny, hold, obligation, attempt") if {
	some path in object.keys(_rules)
	count(_kinds(path)) != 1
}

violation contains _found(path, sprintf("%s must name rules.%s.%s", [entry, name, kind])) if {
	some path, [entry, name] in _rules
	some kind in _kinds(path)
	not _named[entry][name][kind]
}

violation contains _found(path, "a veto must be vetoes/NAME/NAME.rego, package <area>.vetoes.NAME") if {
	some path in object.keys(_modules)
	split(path, "/")[1] == "vetoes"

	# A test stands beside its veto; a folder whose name ends like a test's would not be served.
	veto := replace(path, "_test.rego", ".rego")
	not _vetoes[veto]
}

violation contains _found(path, "a veto must define `deny`, a set, and no other name without an underscore") if {
	some path in object.keys(_vetoes)
	not _only_denies(path)
}

violation contains _found(path, sprintf("%s must gather data.%s.vetoes", [entry, entry])) if {
	some path, [entry, _] in _vetoes
	not _gathers[entry]
}

violation contains _found(path, sprintf("the %s rule needs METADATA with a title", [kind])) if {
	some path in object.keys(_folders)
	some kind in _kinds(path)
	not _titled[path][kind]
}

violation contains _found(path, sprintf("its METADATA needs custom.%s", [key])) if {
	some path in object.keys(_speaking)
	some key in ["message", "remedy"]
	not _written[path][key]
}

violation contains _found(path, sprintf("its METADATA needs custom.code: %s", [code])) if {
	some path, code in _speaking
	not _written[path].code[code]
}

violation contains _found(path, sprintf("custom.%s must be one of %s", [key, concat(", ", allowed)])) if {
	some key, allowed in {"audience": {"agent", "operator"}, "retry": {"final", "retry"}}
	some [path, value] in _custom(key)
	not value in allowed
}

violation contains _found(path, sprintf("the code %s is used more than once", [code])) if {
	some [path, code] in _custom("code")
	count([other | some other in input.annotations; other.annotations.custom.code == code]) > 1
}

violation contains _found(path, "a rule needs at least three tests: caught, nearest not caught, input missing") if {
	some path in object.keys(_folders)
	tests := [rule |
		some rule in _modules[replace(path, ".rego", "_test.rego")].rules
		startswith(rule.head.ref[0].value, "test_")
	]
	count(tests) < 3
}

violation contains _found(path, _not_over_a_name) if {
	some path, module in _product
	walk(module, [_, expression])
	expression.negated
	_risky(expression.terms)
}

violation contains _found(path, _unequal_to_input) if {
	some path, module in _product
	walk(module, [_, [operator, left, right]])
	operator.value[0].value == "neq"
	some side in [left, right]
	side.value[0].value == "input"
}

_not_over_a_name := "`not` may only stand before a name: over a call or a nested reference it fails open"

_unequal_to_input := "`!=` on input fails open where the input is missing; write it as absence of proof"

_found(path, message) := {"file": path, "message": message}

_modules[path] := rego.parse_module(path, text) if some path, text in input.files

_product[path] := module if {
	some path, module in _modules
	not endswith(path, "_test.rego")
}

# Path of a rule file to its entry point and its name.
_rules[path] := [entry, name] if {
	some path in object.keys(_product)
	[entry, "rules", name, _] = split(path, "/")
}

# Path of a veto to its entry point and its name, where it is in force: gathered from exactly there.
_vetoes[path] := [entry, name] if {
	some path, module in _product
	[entry, "vetoes", name, file] = split(path, "/")
	file == sprintf("%s.rego", [name])
	[part.value | some part in module["package"].path] == ["data", entry, "vetoes", name]
}

_folders := object.union(_rules, _vetoes)

_only_denies(path) if {
	heads := [rule.head |
		some rule in _modules[path].rules
		name := rule.head.ref[0].value
		not startswith(name, "_")
	]
	count(heads) > 0
	every head in heads {
		[part.value | some part in head.ref] == ["deny"]
		head.key
		not head.value
	}
}

# The entry points that ask for all vetoes of their area.
_gathers[entry] if {
	some entry in {entry | some [entry, _] in _vetoes}
	walk(_modules[sprintf("%s/%s.rego", [entry, entry])], [_, reference])
	["data", entry, "vetoes", "deny"] == [reference[0].value, reference[1].value, reference[2].value, reference[4].value]
	reference[3].type == "var"
}

_kinds(path) := {rule.head.ref[0].value | some rule in _modules[path].rules} & {
	"grant", "lacks", "deny", "hold", "obligation", "attempt",
}

# The rules and vetoes that give reasons, with the code that each must have.
_speaking[path] := concat(".", [entry, name]) if {
	some path, [entry, name] in _folders
	count(_kinds(path) & {"lacks", "deny", "hold"}) > 0
}

# What the entry points name: entry, rule, kind.
_named[entry][name][kind] if {
	some entry in {entry | some [entry, _] in _rules}
	walk(_modules[sprintf("%s/%s.rego", [entry, entry])], [_, reference])
	[{"value": "rules"}, {"value": name}, {"value": kind}] = [{"value": part.value} | some part in reference]
}

_titled[annotation.location.file][kind] if {
	some annotation in input.annotations
	annotation.annotations.title
	kind := annotation.path[count(annotation.path) - 1].value
}

_written[annotation.location.file][key][text] if {
	some annotation in input.annotations
	some key, text in annotation.annotations.custom
	text != ""
}

_custom(key) := {[path, value] |
	some annotation in input.annotations
	path := annotation.location.file
	value := annotation.annotations.custom[key]
}

# A call with anything but names and constants in it, or a reference with a reference inside.
_risky(terms) if {
	some argument in array.slice(terms, 1, count(terms))
	argument.type in {"ref", "call"}
}

_risky(terms) if {
	some part in terms.value
	part.type in {"ref", "call"}
}
