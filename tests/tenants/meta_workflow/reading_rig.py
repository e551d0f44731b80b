"""A log service over entries in memory, as the agent meets it behind the gateway; and a way to its pages."""

from collections.abc import Sequence
from urllib.parse import parse_qs

import httpx
import msgspec

from audit.entry import Entry
from audit.log_service_view import shown
from audit.query import Stored
from tenants.agents.calls import Proxy
from tenants.agents.meta_workflow.reading import Log, read_log


def read(entries: Sequence[Entry], page: int = 1_000) -> Log:
    """What the agent makes of a log that holds these entries."""
    documents = [shown(Stored(seq, entry)) for seq, entry in enumerate(entries)]

    def answer(request: httpx.Request) -> httpx.Response:
        first = int(parse_qs(request.url.query.decode())["first"][0])
        part = documents[first : first + page]
        more = first + page < len(documents)
        told = {"entries": part, "next": first + len(part), "more": more, "sealed": len(documents)}
        return httpx.Response(200, content=msgspec.json.encode(told))

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://proxy") as client:
        return read_log(Proxy(client), 0)
