"""An agent that sends one JSON document, and tells the answer as one line of JSON: `python post.py PATH DOCUMENT`."""

import http.client
import json
import os
import sys


def main() -> None:
    """Send it; `$DOORLESS_WORKFLOW` in the document is the workflow's own name."""
    path, document = sys.argv[1:]
    connection = http.client.HTTPConnection(os.environ["DOORLESS_URL"].removeprefix("http://"), timeout=100)
    body = document.replace("$DOORLESS_WORKFLOW", os.environ["DOORLESS_WORKFLOW"])
    connection.request("POST", path, body, {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    print(
        json.dumps(
            {"name": path, "status": answer.status, "decision": answer.getheader("x-doorless-decision")}
        )
    )


if __name__ == "__main__":
    main()
