"""`fetch` asks every provider at once: the whole command against the slowest provider alone."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING
from urllib.request import urlopen

from measure import FREEROUTER, figure, medians, milliseconds, new_home, server

if TYPE_CHECKING:
    from pathlib import Path

    from measure import Home

ROUNDS = 7
PROVIDERS = 6
DELAY = 0.5
SLOWEST = "the slowest provider alone"
FETCH = "freerouter fetch"
VERSION = "freerouter --version"
ONCE = "a script that fetches once"
TWICE = "a script that fetches twice"


def main() -> None:
    listed = json.dumps({"data": [{"id": "model-a"}, {"id": "model-b"}]}).encode()
    with new_home() as home, server(lambda _path: listed, DELAY) as port:
        base = f"http://127.0.0.1:{port}/v1"
        home.run(FREEROUTER, "init")
        entries = "".join(
            f"  - {{type: oai, name: p{number}, api_base: '{base}'}}\n"
            for number in range(PROVIDERS)
        )
        (home.workspace / "providers.yaml").write_text(f"providers:\n{entries}", encoding="utf-8")
        subjects = {
            SLOWEST: partial(seconds_of, f"{base}/models"),
            FETCH: partial(home.seconds, FREEROUTER, "fetch"),
            VERSION: partial(home.seconds, FREEROUTER, "--version"),
            ONCE: partial(home.seconds, FREEROUTER, "run", str(script(home, 1))),
            TWICE: partial(home.seconds, FREEROUTER, "run", str(script(home, 2))),
        }
        medians(subjects, 1)
        times = medians(subjects, ROUNDS)
    print(f"Median of {ROUNDS}, {PROVIDERS} providers that answer after {DELAY:g} s each:")
    milliseconds(times)
    net = times[FETCH] - times[VERSION]
    print(f"{FETCH}, net of a process start: {net / times[SLOWEST]:.2f}x of {SLOWEST}")
    inside = times[TWICE] - times[ONCE]
    figure("fetch in a running shell or script", inside, SLOWEST, times[SLOWEST], 1.3)
    figure(FETCH, times[FETCH], SLOWEST, times[SLOWEST], 1.3)


def script(home: Home, times: int) -> Path:
    path = home.path / f"fetch-{times}.frs"
    path.write_text("fetch\n" * times, encoding="utf-8")
    return path


def seconds_of(url: str) -> float:
    began = time.perf_counter()
    with urlopen(url) as answer:  # noqa: S310 - our own server
        answer.read()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
