"""Start the pull-request creator: `python -m tenants.agents.pr_creator --help`."""

import sys

from tenants.agents.pr_creator.app import main

sys.exit(main(sys.argv[1:]))
