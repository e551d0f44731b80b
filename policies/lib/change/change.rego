# METADATA
# title: The change in the words of roles
# description: What the change rules say about a change in common. Undefined wherever it cannot be proven.
# schemas:
#   - input: schema["input.change"]
#   - data.compiled: schema.compiled
package lib.change

# METADATA
# title: The role that proposes changes to Doorless itself
meta_role := "meta-workflow"

# METADATA
# title: Whether there is such a role
role_known if data.compiled.roles[input.role]

# METADATA
# title: Whether the role is no agent's
# description: Such a role has no services, so nothing but a check is ever asked as it.
of_people if data.compiled.roles[input.role].agent == false

# METADATA
# title: Whether this only asks what would be said
checking if input.action == "check"

# METADATA
# title: Whether the role may propose changes to any repository
proposes if {
	some action in ["create-branch", "create-pr"]
	data.compiled.roles[input.role].actions[action]
}

# METADATA
# title: Whether the role has the service
service_granted if data.compiled.grants[input.role][input.service]

# METADATA
# title: The scope word of what is to be done
word := concat(":", [part | some part in [input.action, input.data]; part != ""])

# METADATA
# title: Whether the role grants the word, at a door that the catalogue declares for it
covered if {
	data.compiled.grants[input.role][input.service][word]
	_door
}

_door if input.via == "api"

_door if {
	input.via == "push"
	data.compiled.git[input.service].push.word == word
}

# METADATA
# title: Everything that the change touches, finally or on the way
entries := array.concat(input.facts.files, input.facts.touched)

# METADATA
# title: The paths that these patterns cover, as written or folded
# description: >-
#   `patterns` has `match` and `needles`. Nothing is matched unless the text of all paths holds a needle: an
#   expression takes microseconds for each path, a needle for a thousand of them.
matching(patterns) := {entry.path |
	_mentioned(patterns.needles)
	some entry in entries
	some form in [entry.path, entry.folded]
	regex.match(patterns.match, form)
}

_mentioned(needles) if {
	some needle in needles
	contains(_text, needle)
}

# Every path between slashes, as written and folded.
_text := sprintf("/%s/", [concat("//", [both |
	some entry in entries
	both := concat("//", [entry.path, entry.folded])
])])

# METADATA
# title: The irregular facts of these kinds, as places
irregular(kinds) := {{"path": fact.path, "line": 0, "values": values} |
	some fact in input.facts.irregular
	fact.kind in kinds
	values := {"{kind}": fact.kind, "{path}": fact.path, "{detail}": fact.detail}
}
