package change.rules.check_grant

import data.lib.change

# METADATA
# title: A check may be asked as any role that could propose a change, and as people
# scope: document
grant if {
	change.checking
	input.via == "check"
	change.proposes
}

grant if {
	change.checking
	input.via == "check"
	change.of_people
}
