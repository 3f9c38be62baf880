"""`python -m holdfast_server.cli`, the same as the `holdfast` command."""

from . import main

main()
