# METADATA
# title: May this change be made
# description: >-
#   Gathers what the rules found and answers one decision document. All that fails is said at once.
#   Each rule is a folder under change/rules and is named below once; the conventions
#   check finds a rule that is not. A folder under change/vetoes can only deny, and needs no naming.
# scope: subpackages
# schemas:
#   - input: schema["input.change"]
#   - data.compiled: schema.compiled
package change

import data.change.rules
import data.lib.verdict

# METADATA
# title: The decision on one change
# entrypoint: true
decision := verdict.document({
	"grants": _grants,
	"lacks": _lacks,
	"denials": union({
		rules.input_incomplete.deny,
		rules.scope_not_in_token.deny,
		rules.ref_outside_namespace.deny,
		rules.ref_deleted.deny,
		rules.ref_forced.deny,
		rules.no_common_base.deny,
		rules.not_read_whole.deny,
		rules.replaced_objects.deny,
		rules.irregular_name.deny,
		rules.special_file.deny,
		rules.forbidden_path.deny,
		rules.protected_path.deny,
		rules.too_many_files.deny,
		rules.too_many_lines.deny,
		rules.foreign_identity.deny,
		rules.secret_found.deny,
		rules.finding.deny,
		rules.base_unknown.deny,
		rules.not_judged.deny,
		rules.evidence_missing.deny,
		rules.evidence_failed.deny,
		rules.evidence_could_not_run.deny,
		rules.staging_only.deny,
		_vetoes,
	}),
	"holds": {hold | hold := rules.irreversible.hold},
	"obligations": rules.inject_credential.obligation,
	"attempts": set(),
})

_vetoes := union({found | found := data.change.vetoes[_].deny})

_grants contains "change.rules.role_grant" if rules.role_grant.grant

_grants contains "change.rules.check_grant" if rules.check_grant.grant

default _lacks := set()

# What is lacking is asked for only where nothing grants.
_lacks := union({
	rules.role_unknown.lacks,
	rules.service_not_granted.lacks,
	rules.action_not_granted.lacks,
}) if count(_grants) == 0
