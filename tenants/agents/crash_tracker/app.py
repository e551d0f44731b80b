"""Wiring of the crash tracker: read, group, rank, print.

By hand, in one place; the exit codes are those of `calls.py`.
"""

import json
import os
import sys

from tenants.agents.calls import USAGE, Proxy, run
from tenants.agents.crash_tracker.grouping import group_reports
from tenants.agents.crash_tracker.limits import LimitsError, load
from tenants.agents.crash_tracker.ranking import rank
from tenants.agents.crash_tracker.reading import read_reports
from tenants.agents.crash_tracker.report import as_document, as_report, as_text
from tenants.agents.crash_tracker.settings import parse


def main() -> None:
    """Run the agent and leave with its exit code."""
    settings = parse(sys.argv[1:], os.environ)
    try:
        limits = load()
    except LimitsError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(USAGE)

    def work(proxy: Proxy) -> None:
        ranked = rank(group_reports(read_reports(proxy, limits)))
        match settings.form:
            case "json":
                print(json.dumps(as_document(ranked, proxy.requests)))
            case "report":
                print(json.dumps(as_report(ranked, proxy.requests)))
            case "text":
                print(as_text(ranked, proxy.requests))

    sys.exit(run(settings.url, work))
