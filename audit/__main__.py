"""`python -m audit`: see `settings` for the flags and `app` for what it does."""

import sys

from audit.app import main

sys.exit(main(sys.argv[1:]))
