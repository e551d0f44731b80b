"""The real issuer with a short rotation: a key waits one second before it signs, and stays four after."""

import asyncio
import sys

from issuer.app import serve
from issuer.ring import Window
from issuer.settings import parse

WINDOW = Window(lead_s=1, stay_s=4)

if __name__ == "__main__":
    asyncio.run(serve(parse(sys.argv[1:]), WINDOW))
