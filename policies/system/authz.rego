# METADATA
# title: Who may ask OPA what
# description: >-
#   The holder of the token may ask the five questions; everybody who reaches the socket may ask how OPA is.
#   The token itself is in no bundle: OPA is started with its SHA-256 at data.doorless_runtime.token_sha256.
package system.authz

default allow := false

# METADATA
# title: Whether this request to OPA is served
# scope: document
allow if {
	input.method == "POST"
	input.path in {
		["v1", "data", "request", "decision"],
		["v1", "data", "batch", "request"],
		["v1", "data", "token", "decision"],
		["v1", "data", "change", "decision"],
		["v1", "data", "jury", "decision"],
	}
	crypto.sha256(input.identity) == data.doorless_runtime.token_sha256
}

allow if {
	input.method == "GET"
	input.path in {["health"], ["metrics"], ["v1", "status"]}
}
