"""argv to exit code. Imports nothing heavy: `--version` must be there at once."""

from __future__ import annotations

import gc
import os
import sys


def main(argv: list[str] | None = None) -> int:
    """The `freerouter` command. Returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"]:
        from freerouter import __version__

        sys.stdout.write(f"freerouter {__version__}\n")
        return 0
    if argv is None:
        # A command is over before garbage matters, and looking for it takes a fifth of its time.
        # What runs for long switches it on again (frontends/command_line.py).
        gc.disable()
    if arguments[:1] == ["complete"]:
        from freerouter.completing import main as run
    else:
        from freerouter.frontends.command_line import run

    code = run(arguments)
    if argv is None:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process at once: the system frees in no time what Python takes apart bit by bit."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        pass  # the reader has gone, and with it whoever would care
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
