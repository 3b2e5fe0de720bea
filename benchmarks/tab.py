"""How soon a TAB in bash is answered, with 500 models, against an empty Python."""

from __future__ import annotations

from functools import partial

from cli_start import MODELS, fill
from measure import BARE, BARE_NAME, FREEROUTER, figure, medians, milliseconds, new_home

ROUNDS = 41
BREAKS = " \t\n\"'><=;|&(:"
LINES = {
    "TAB for a command": "freerouter pro",
    "TAB for a provider": "freerouter list --provider open",
    "TAB for a model": "freerouter ask --model vendor-1",
}
TARGET = 4.0
LIMIT = 0.150
"""Seconds after which a person notices."""


def main() -> None:
    with new_home() as home:
        fill(home)
        subjects = {BARE_NAME: partial(home.seconds, *BARE)}
        for name, line in LINES.items():
            command = (FREEROUTER, "complete", "bash", line, BREAKS, "9")
            assert home.run(*command).strip(), f"{line} is answered with nothing"
            subjects[name] = partial(home.seconds, *command)
        medians(subjects, 3)
        times = medians(subjects, ROUNDS)
    print(f"Median of {ROUNDS}, {MODELS} models:")
    milliseconds(times)
    for name in LINES:
        kept = "under" if times[name] < LIMIT else "NOT under"
        print(f"{name}: {times[name] * 1000:.0f} ms, {kept} {LIMIT * 1000:.0f} ms")
        figure(name, times[name], BARE_NAME, times[BARE_NAME], TARGET)


if __name__ == "__main__":
    main()
