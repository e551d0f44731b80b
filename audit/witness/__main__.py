"""`python -m audit.witness`: see `settings` for the verbs and flags and `app` for what they do."""

import sys

from audit.witness.app import main

sys.exit(main(sys.argv[1:]))
