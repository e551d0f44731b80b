package request.rules.inject_credential

# METADATA
# title: The credential of the service goes with the call
# description: A reference; no secret passes through policy.
obligation contains {
	"id": "credential",
	"type": "inject_credential",
	"properties": {"ref": reference},
} if {
	reference := data.compiled.services[input.service].credential
	reference != ""
}
