package token.rules.not_an_agent_test

import data.lib.fixture_test as fixture
import data.token.rules.not_an_agent

test_caught if {
	some reason in not_an_agent.deny with input as object.union(fixture.asking, {"role": "maintainer"})
		with data.compiled as fixture.compiled
	reason.message == "The role maintainer is for people's own changes; no workflow can have it."
}

test_caught_where_the_table_does_not_say if {
	tables := object.union(object.remove(fixture.compiled, ["roles"]), {"roles": {"reader": {"actions": {}}}})
	count(not_an_agent.deny) == 1 with input as fixture.asking with data.compiled as tables
}

test_not_caught_for_an_agent if {
	count(not_an_agent.deny) == 0 with input as fixture.asking with data.compiled as fixture.compiled
}

test_nothing_without_role if {
	count(not_an_agent.deny) == 0 with input as object.remove(fixture.asking, ["role"])
		with data.compiled as fixture.compiled
}
