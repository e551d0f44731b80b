"""`python -m proof`: see `proof.settings` for its flags."""

import sys

from proof.app import main

sys.exit(main(sys.argv[1:]))
