# METADATA
# title: May this workflow make this call
# description: >-
#   Gathers what the rules found and answers one decision document.
#   Each rule is a folder under request/rules and is named below once; the conventions
#   check finds a rule that is not. A folder under request/vetoes can only deny, and needs no naming.
# scope: subpackages
# schemas:
#   - input: schema["input.request"]
#   - data.compiled: schema.compiled
package request

import data.lib.verdict
import data.request.rules

# METADATA
# title: The decision on one call
# entrypoint: true
decision := verdict.document({
	"grants": _grants,
	"lacks": _lacks,
	"denials": union({
		rules.input_incomplete.deny,
		rules.scope_not_in_token.deny,
		rules.body_too_large.deny,
		rules.secret_outbound.deny,
		rules.output_not_validated.deny,
		rules.output_invalid.deny,
		rules.output_not_judged.deny,
		rules.output_vetoed.deny,
		rules.token_budget.deny,
		rules.write_after_sensitive_read.deny,
		rules.sensitive_read_beside_write.deny,
		_vetoes,
	}),
	"holds": (_holds | _held_besides),
	"obligations": union({
		rules.inject_credential.obligation,
		rules.max_body_bytes.obligation,
		rules.timeout_ms.obligation,
	}),
	"attempts": rules.rate_limit.attempt,
})

_vetoes := union({found | found := data.request.vetoes[_].deny})

_grants contains "request.rules.role_grant" if rules.role_grant.grant

_holds contains rules.irreversible.hold

_holds contains rules.output_undecided.hold

# A person who decides for another reason sees the denials too; two reasons to hold would be a conflict.
_held_besides contains rules.held_after_denials.hold if count(_holds) == 0

default _lacks := set()

# What is lacking is asked for only where nothing grants: a granted call should not pay for it.
_lacks := union({
	rules.role_unknown.lacks,
	rules.service_not_granted.lacks,
	rules.route_unknown.lacks,
	rules.route_mismatch.lacks,
	rules.action_not_granted.lacks,
	rules.data_not_granted.lacks,
}) if count(_grants) == 0
