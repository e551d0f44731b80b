"""Start the policy tools: `python -m authoring --help`."""

import sys

from authoring.app import main

sys.exit(main(sys.argv[1:]))
