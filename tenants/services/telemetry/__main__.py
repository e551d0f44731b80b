"""Start the telemetry service: `python -m tenants.services.telemetry --help`."""

from tenants.services.telemetry.app import main

main()
