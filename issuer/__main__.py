"""`python -m issuer`: see `settings` for the flags and `app` for what it does."""

import sys

from issuer.app import main

sys.exit(main(sys.argv[1:]))
