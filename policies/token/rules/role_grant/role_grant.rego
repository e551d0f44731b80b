package token.rules.role_grant

import data.lib.asked

# METADATA
# title: The role has everything that is asked for
# description: A workflow may be given less than its role, never more.
grant if {
	count(asked.narrowed) > 0
	count(asked.beyond) == 0
}
