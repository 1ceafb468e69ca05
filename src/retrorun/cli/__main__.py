"""`python -m retrorun.cli` is the command line, as `python -m retrorun` is."""

from retrorun.cli import main

main()
