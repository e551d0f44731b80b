package system.authz

import rego.v1

default allow := false

allow if crypto.sha256(input.identity) == data.token_sha256
