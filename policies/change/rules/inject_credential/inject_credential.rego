package change.rules.inject_credential

# METADATA
# title: The credential of the git side goes with the push
# description: >-
#   A reference; no secret passes through policy.
obligation contains {
	"id": "credential",
	"type": "inject_credential",
	"properties": {"ref": reference},
} if {
	input.via == "push"
	reference := data.compiled.git[input.service].credential
	reference != ""
}
