package request.rules.role_grant

import data.lib.call

# METADATA
# title: The role grants the scope word of the call
# description: Only for a route that exists and is described as the catalogue declares it.
grant if call.covered
