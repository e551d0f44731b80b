"""Start the meta-workflow: `python -m tenants.agents.meta_workflow --help`."""

import os
import sys

from tenants.agents.meta_workflow.app import main

sys.exit(main(sys.argv[1:], os.environ))
