"""`python -m doorless`: see `cli`."""

from doorless.cli import main

main()
