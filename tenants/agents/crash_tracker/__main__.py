"""Start the crash tracker: `python -m tenants.agents.crash_tracker --help`."""

from tenants.agents.crash_tracker.app import main

main()
