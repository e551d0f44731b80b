"""`python -m bench.detectors`."""

import sys

from bench.detectors.app import main

sys.exit(main(sys.argv[1:]))
