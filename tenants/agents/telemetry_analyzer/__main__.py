"""Start the telemetry analyzer: `python -m tenants.agents.telemetry_analyzer --help`."""

from tenants.agents.telemetry_analyzer.app import main

main()
