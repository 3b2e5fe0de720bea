"""How soon `list --json` has told of 10,000 models, against an empty Python."""

from __future__ import annotations

import json
import os
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from measure import BARE, BARE_NAME, FREEROUTER, figure, medians, milliseconds, new_home

from freerouter.config.kept_models import by_kind

if TYPE_CHECKING:
    from measure import Home

ROUNDS = 31
MODELS = 10_000
TARGET = 5.0
JSON = "freerouter list --json"
CONTEXTS = (131072, 32768, 8192, 200000, 1000000, None)
ABILITIES = ("tools -vision", "", "tools vision reasoning")


def main() -> None:
    with new_home() as home:
        fill(home)
        told = json.loads(home.run(FREEROUTER, "list", "--json"))["models"]
        if len(told) != MODELS + 1:
            raise SystemExit(f"{len(told)} models were told of, not {MODELS} and one that is gone.")
        narrow = (FREEROUTER, "list", "--json", "--search", "model-99", "--free")
        subjects = {
            BARE_NAME: partial(seconds, home, *BARE),
            JSON: partial(seconds, home, FREEROUTER, "list", "--json"),
            "freerouter list": partial(seconds, home, FREEROUTER, "list"),
            "freerouter list --json, narrowed": partial(seconds, home, *narrow),
        }
        medians(subjects, 3)
        times = medians(subjects, ROUNDS)
    print(f"Median of {ROUNDS}, {MODELS} models, the gateway stopped:")
    milliseconds(times)
    figure(JSON, times[JSON], BARE_NAME, times[BARE_NAME], TARGET)


def seconds(home: Home, *command: str) -> float:
    """Until the end of its output, which is read through a pipe and looked at by nobody."""
    began = time.perf_counter()
    with subprocess.Popen(
        command, env=home.environ, cwd=home.path, stdout=subprocess.PIPE
    ) as child:
        if child.stdout:
            while os.read(child.stdout.fileno(), 65536):
                pass
        if child.wait():
            raise SystemExit(f"{' '.join(command)}: exit code {child.returncode}")
    return time.perf_counter() - began


def fill(home: Home) -> None:
    """A workspace as `fetch` leaves it: five providers, a selection, a hundred proven models."""
    home.run(FREEROUTER, "init")
    rows = [row_of(number) for number in range(MODELS)]
    chosen = [row["id"] for row in rows if row["provider"] == "provider1"][:50]
    fetched = {
        "version": 2,
        "fetched": time.time(),
        "models": by_kind(rows)._asdict(),
        "selected": {"provider1": [*chosen, "vendor-0/gone"]},
    }
    proven = {f"{row['provider']}/{row['id']}": {"at": 1.0, "by": "check"} for row in rows[:100]}
    state = home.workspace / "state"
    state.mkdir(exist_ok=True)
    for name, data in (("models", fetched), ("proven", proven)):
        (state / f"{name}.json").write_text(json.dumps(data, separators=(",", ":")))
    (home.workspace / "config.yaml").write_text("model_list: []\n", encoding="utf-8")


def row_of(number: int) -> dict[str, Any]:
    return {
        "id": f"vendor-{number * 7 % 20}/model-{number}-instruct",
        "provider": f"provider{number % 5}",
        "context": CONTEXTS[number % 6],
        "output": 8192,
        "input_price": str(number % 97 / 10),
        "output_price": str(number % 89 / 10),
        "free": "quota" if number % 3 else "no",
        "reason": "its id ends in :free and its price is zero" if number % 3 else "it has a price",
        "stale": False,
        "can": ABILITIES[number % 3],
        "written": bool(number % 3),
    }


if __name__ == "__main__":
    main()
