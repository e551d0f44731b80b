package request.rules.inject_credential

import data.lib.approval

# METADATA
# title: The credential of the route goes with the call
# description: A reference; no secret passes through policy.
obligation contains {
	"id": "credential",
	"type": "inject_credential",
	"properties": {"ref": _reference},
} if _reference != ""

default _reference := ""

_reference := data.compiled.routes[input.service][input.route].credential if input.performed_by == ""

# What people alone may use; a call of theirs never takes the agents' one.
_reference := data.compiled.routes[input.service][input.route].people_credential if approval.performed
