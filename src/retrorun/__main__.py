"""`python -m retrorun` is the command line."""

from retrorun.cli import main

main()
