"""How long 10,000 lines of a `.frs` file take to read, against an empty Python."""

from __future__ import annotations

import time
from functools import partial

from measure import BARE, BARE_NAME, figure, medians, milliseconds, new_home

from freerouter.scripts.grammar import parse

ROUNDS = 11
LINES = 10_000
LIMIT = 0.3
TARGET = 20.0
NAME = f"parse of {LINES:,} lines"
BLOCK = """\
== Phase {n}
> select 'vendor/model-{n}' --limit 5
? providers{n}: Which providers do you want to use?
< groq, cerebras
| Groq       key works, {{models{n}:int}} models
|* Wrote * in {{took{n}:duration}}
|/ ^\\{{"models": .*, "n": {n}\\}}$
! Cerebras refused this key (401).
= 0
# what comes next
"""


def main() -> None:
    text = "".join(BLOCK.format(n=n) for n in range(LINES // BLOCK.count("\n")))
    with new_home() as home:
        subjects = {
            BARE_NAME: partial(home.seconds, *BARE),
            NAME: partial(seconds_to_parse, text),
        }
        times = medians(subjects, ROUNDS)
    print(f"Median of {ROUNDS}, with commands, questions, answers and every kind of pattern:")
    milliseconds(times)
    assert times[NAME] < LIMIT, f"{NAME} took {times[NAME]:.2f} s, and may take {LIMIT} s"
    figure(NAME, times[NAME], BARE_NAME, times[BARE_NAME], TARGET)


def seconds_to_parse(text: str) -> float:
    began = time.perf_counter()
    script = parse(text, "benchmark.frs")
    ended = time.perf_counter()
    assert len(script.lines) == LINES + 1
    return ended - began


if __name__ == "__main__":
    main()
