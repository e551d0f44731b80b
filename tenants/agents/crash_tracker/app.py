"""Wiring of the crash tracker: read, group, rank, print.

By hand, in one place; the exit codes are those of `calls.py`.
"""

import json
import os
import sys

from tenants.agents.calls import Proxy, run
from tenants.agents.crash_tracker.grouping import group_reports
from tenants.agents.crash_tracker.ranking import rank
from tenants.agents.crash_tracker.reading import read_reports
from tenants.agents.crash_tracker.report import as_document, as_text
from tenants.agents.crash_tracker.settings import parse


def main() -> None:
    """Run the agent and leave with its exit code."""
    settings = parse(sys.argv[1:], os.environ)

    def work(proxy: Proxy) -> None:
        ranked = rank(group_reports(read_reports(proxy)))
        if settings.as_json:
            print(json.dumps(as_document(ranked, proxy.requests)))
        else:
            print(as_text(ranked, proxy.requests))

    sys.exit(run(settings.url, work))
