# METADATA
# title: The tokens that a workflow asks for
# description: What the token rules say about a question in common.
# schemas:
#   - input: schema["input.token"]
#   - data.compiled: schema.compiled
package lib.asked

# METADATA
# title: Whether there is such a role
role_known if data.compiled.roles[input.role]

# METADATA
# title: The scope words that are asked for and that the role does not have on any service
beyond contains word if {
	some word in input.only
	not _role_words[word]
}

# METADATA
# title: The scope words of each service that the workflow may get, sorted; only services with at least one
narrowed[service] := words if {
	some service, granted in data.compiled.grants[input.role]
	words := [word | some word, _ in granted; _asked(word)]
	count(words) > 0
}

_role_words[word] if {
	some granted in data.compiled.grants[input.role]
	some word, _ in granted
}

# Nothing narrower was asked for: the whole role.
_asked(_) if input.only == []

_asked(word) if word in input.only
