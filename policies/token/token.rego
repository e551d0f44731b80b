# METADATA
# title: May this workflow be given tokens
# description: >-
#   Gathers what the rules found and answers one decision document.
#   Each rule is a folder under token/rules and is named below once; the conventions
#   check finds a rule that is not. A folder under token/vetoes can only deny, and needs no naming.
# scope: subpackages
# schemas:
#   - input: schema["input.token"]
#   - data.compiled: schema.compiled
package token

import data.lib.verdict
import data.token.rules

# METADATA
# title: The decision on the tokens of one workflow
# entrypoint: true
decision := verdict.document({
	"grants": _grants,
	"lacks": _lacks,
	"denials": union({
		rules.input_incomplete.deny,
		rules.not_an_agent.deny,
		rules.ttl_out_of_range.deny,
		_vetoes,
	}),
	"holds": set(),
	"obligations": rules.issue_token.obligation,
	"attempts": set(),
})

_vetoes := union({found | found := data.token.vetoes[_].deny})

_grants contains "token.rules.role_grant" if rules.role_grant.grant

default _lacks := set()

# What is lacking is asked for only where nothing grants: a granted call should not pay for it.
_lacks := union({
	rules.role_unknown.lacks,
	rules.scope_wider.lacks,
	rules.nothing_granted.lacks,
}) if count(_grants) == 0
