package change.rules.role_grant

import data.lib.change

# METADATA
# title: The role grants the scope word of the change
# description: At the door it came through; a check comes through none.
grant if change.covered
