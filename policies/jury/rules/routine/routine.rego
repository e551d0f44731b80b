package jury.rules.routine

import data.lib.output

# METADATA
# title: What has no consequences needs no jury
# description: Its schema is enough.
grant if {
	is_string(input.type)
	count({input.type} & object.keys(output.consequential)) == 0
}
