"""`python -m checks`: see `settings` for the flags and `app` for what it does."""

import sys

from checks.app import main

sys.exit(main(sys.argv[1:]))
