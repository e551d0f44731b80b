"""The same wish, put to the gateway: one request on the channel, as an agent would make it.

Standard library only.
"""

import http.client
import json
import os


def ask(method: str, target: str, header: str = "", body: str = "") -> str:
    """One request; status, decision id and the code of a refusal, as JSON."""
    host = os.environ.get("DOORLESS_URL", "http://127.0.0.1:8080").removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request(method, target, body.encode() or None, {"accept": header or "*/*"})
    answer = connection.getresponse()
    content = answer.read().decode("latin-1")
    told = {"status": answer.status, "decision": answer.getheader("x-doorless-decision"), "body": content}
    return json.dumps(told)


def ask_often(target: str, count: str) -> str:
    """The same request over and over; raises where any is not answered with 200."""
    for number in range(int(count)):
        answer = json.loads(ask("GET", target))
        if answer["status"] != 200:  # noqa: PLR2004
            raise ConnectionError(f"request {number} was answered {answer['status']}: {answer['body'][:200]}")
    return f"{count} answers"
