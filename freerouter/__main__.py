"""`python -m freerouter`: the same as the `freerouter` command."""

import sys

from freerouter.cli import main

if __name__ == "__main__":
    sys.exit(main())
