"""`python -m console`."""

import sys

from console.app import main

sys.exit(main(sys.argv[1:]))
