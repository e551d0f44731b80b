"""Wiring of the telemetry analyzer: read, find, classify, print.

By hand, in one place; the exit codes are those of `calls.py`.
"""

import json
import os
import sys

from tenants.agents.calls import USAGE, Proxy, run
from tenants.agents.telemetry_analyzer.accuracy import SHIPPED_SAMPLES, SamplesError, load_samples, measure
from tenants.agents.telemetry_analyzer.baseline import find
from tenants.agents.telemetry_analyzer.reading import read_lines
from tenants.agents.telemetry_analyzer.report import Classified, as_document, as_report, as_text
from tenants.agents.telemetry_analyzer.rules import RulesError, classify, load
from tenants.agents.telemetry_analyzer.settings import parse


def main() -> None:
    """Run the agent and leave with its exit code."""
    settings = parse(sys.argv[1:], os.environ)
    try:
        rules = load(settings.rules)
        measured = measure(rules, load_samples(SHIPPED_SAMPLES)) if settings.form == "report" else None
    except (RulesError, SamplesError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(USAGE)

    def work(proxy: Proxy) -> None:
        lines = read_lines(proxy)
        classified = [Classified(classify(rules, finding.traits), finding) for finding in find(lines)]
        if measured is not None:
            print(json.dumps(as_report(classified, len(lines), measured)))
        elif settings.form == "json":
            print(json.dumps(as_document(classified, len(lines), proxy.requests)))
        else:
            print(as_text(classified, len(lines), proxy.requests))

    sys.exit(run(settings.url, work))
