"""How soon a command is there: `--version`, `status` and `list` against an empty Python."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from measure import BARE, BARE_NAME, FREEROUTER, figure, medians, milliseconds, new_home

if TYPE_CHECKING:
    from measure import Home

ROUNDS = 41
MODELS = 500
STOPPED = 6
TARGETS = {"freerouter --version": 1.5, "freerouter status": 4.0, "freerouter list": 4.0}
ON_A_TERMINAL = "freerouter list (on a terminal)"


def main() -> None:
    if "import re\n" in Path(FREEROUTER).read_text(encoding="utf-8"):
        print(
            "Note: the installed `freerouter` script imports `re`, as an old pip writes it. "
            "`pip install -U pip` and installing FreeRouter anew makes a lighter one."
        )
    with new_home() as home:
        fill(home)
        subjects = {
            BARE_NAME: partial(home.seconds, *BARE),
            "freerouter --version": partial(home.seconds, FREEROUTER, "--version"),
            "freerouter status": partial(home.seconds, FREEROUTER, "status", codes=(STOPPED,)),
            "freerouter list": partial(home.seconds, FREEROUTER, "list"),
            ON_A_TERMINAL: partial(seconds_on_a_terminal, home, "list"),
        }
        medians(subjects, 3)
        times = medians(subjects, ROUNDS)
    print(f"Median of {ROUNDS}, {MODELS} models, the gateway stopped:")
    milliseconds(times)
    base = times[BARE_NAME]
    print(f"{ON_A_TERMINAL}: {times[ON_A_TERMINAL] / base:.2f}x of {BARE_NAME} (for information)")
    for name, target in TARGETS.items():
        figure(name, times[name], BARE_NAME, base, target)


def fill(home: Home) -> None:
    """A workspace as `fetch` leaves it."""
    home.run(FREEROUTER, "init")
    rows = [
        {
            "id": f"vendor-{number % 20}/model-{number}-instruct",
            "provider": f"provider{number % 5}",
            "context": 131072,
            "output": 8192,
            "input_price": "0.15",
            "output_price": "0.6",
            "free": "quota" if number % 3 else "no",
            "reason": "its id ends in :free and its price is zero",
            "stale": False,
            "written": bool(number % 3),
        }
        for number in range(MODELS)
    ]
    state = home.workspace / "state"
    state.mkdir(exist_ok=True)
    fetched = {"version": 1, "fetched": time.time(), "models": rows}
    (state / "models.json").write_text(json.dumps(fetched), encoding="utf-8")
    entries = "".join(
        f"- model_name: {row['id']}\n  litellm_params: {{model: openai/{row['id']}}}\n"
        for row in rows
    )
    (home.workspace / "config.yaml").write_text(f"model_list:\n{entries}", encoding="utf-8")


def seconds_on_a_terminal(home: Home, *words: str) -> float:
    """The same with a terminal for output, as a person runs it."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    child = subprocess.Popen(
        [FREEROUTER, *words],
        env={**home.environ, "TERM": "xterm-256color", "FREEROUTER_PAGER": "off"},
        cwd=home.path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        while os.read(ours, 65536):
            pass
    except OSError:  # Linux's way to say that the other end is closed
        pass
    child.wait()
    ended = time.perf_counter()
    os.close(ours)
    return ended - began


if __name__ == "__main__":
    main()
