"""Start the alerts service: `python -m tenants.services.alerts --help`."""

from tenants.services.alerts.app import main

main()
