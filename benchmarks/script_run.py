"""A script of 200 commands in one process, against as many processes of one command each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from measure import FREEROUTER, milliseconds, new_home

if TYPE_CHECKING:
    from measure import Home

COMMANDS = ("list", "providers list", "flow list", "providers show demo")
TIMES = 50
ROUNDS = 3
TARGET = 20
SCRIPT = f"a script of {TIMES * len(COMMANDS)} commands"
PROCESSES = f"{TIMES * len(COMMANDS)} processes"


def main() -> None:
    with new_home() as home:
        home.run(FREEROUTER, "init")
        home.run(FREEROUTER, "fetch")
        script = home.path / "many.frs"
        script.write_text("\n".join(COMMANDS * TIMES) + "\n", encoding="utf-8")
        together = min(home.seconds(FREEROUTER, "run", str(script)) for _ in range(ROUNDS))
        apart = one_by_one(home)
    print("The same commands, read-only, in the same home:")
    milliseconds({SCRIPT: together, PROCESSES: apart})
    print(f"{SCRIPT}: {apart / together:.1f}x faster than {PROCESSES} (target {TARGET}x)")


def one_by_one(home: Home) -> float:
    began = time.perf_counter()
    for command in COMMANDS * TIMES:
        home.run(FREEROUTER, *command.split())
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
