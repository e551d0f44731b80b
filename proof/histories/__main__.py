"""`python -m proof.histories`: see `proof.histories.settings` for its flags."""

import sys

from proof.histories.app import main

sys.exit(main(sys.argv[1:]))
