"""Start the crash-reporting service: `python -m tenants.services.crash_reporting --help`."""

from tenants.services.crash_reporting.app import main

main()
