"""An agent that asks for two things over and over, and tells each answer as one line of JSON; ends on SIGTERM."""

import http.client
import itertools
import json
import os
import sys
import time

PAUSE_S = 0.004


def main() -> None:
    """Alternate between the targets that are the arguments."""
    host = os.environ["DOORLESS_URL"].removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    for target in itertools.cycle(sys.argv[1:]):
        connection.request("GET", target)
        answer = connection.getresponse()
        body = answer.read()
        code = json.loads(body)["code"] if answer.status >= 400 else ""
        line = {
            "target": target,
            "status": answer.status,
            "code": code,
            "decision": answer.getheader("x-doorless-decision"),
            "retry_after": answer.getheader("retry-after"),
        }
        print(json.dumps(line), flush=True)
        if answer.status == 429:
            return
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main()
