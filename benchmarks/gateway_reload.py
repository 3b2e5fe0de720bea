"""Reloading under load: how long it takes, and that no request is lost.

Clients with kept and with fresh connections ask without pause, others hold long streams, while the
gateway is reloaded again and again, each time with one model more. Base: a cold start of the same.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from load import KEY
from measure import FREEROUTER, figure, free_port, new_home

if TYPE_CHECKING:
    from collections.abc import Iterator

    from measure import Home

HERE = Path(__file__).parent
CALM = 12.0
"""Seconds of load before the first reload, and between the reloads."""


WARMING = 3.0
"""Seconds that do not count: all streams begin at once."""


class Asked(NamedTuple):
    kind: str
    began: float
    seconds: float
    what: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=500)
    parser.add_argument("--reloads", type=int, default=5)
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--calm", type=float, default=CALM)
    given = parser.parse_args()
    with new_home() as home, upstream() as base:
        home.environ["LITELLM_PORT"] = str(free_port())
        home.run(FREEROUTER, "init")
        configure(home, base, given.models)
        cold = home.seconds(FREEROUTER, "start")
        try:
            with load(home, given.streams) as asked:
                spans = list(reloads(home, base, given.models, given.reloads, given.calm))
                time.sleep(given.calm)
        finally:
            home.run(FREEROUTER, "stop", "--timeout", "5")
    tell(asked, spans, cold)


@contextmanager
def upstream() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, str(HERE / "upstream.py"), str(port), "--words", "60"]
    with subprocess.Popen([*command, "--pause", "0.25"]) as child:
        try:
            yield port
        finally:
            child.terminate()


def configure(home: Home, base: int, count: int) -> None:
    models = "".join(
        f"  - {{type: static, name: m{n}, model_name: m{n}, provider: openai, "
        f"api_base: http://127.0.0.1:{base}/v1}}\n"
        for n in range(1, count + 1)
    )
    (home.workspace / "providers.yaml").write_text(f"providers:\n{models}", encoding="utf-8")
    home.run(FREEROUTER, "fetch")


@contextmanager
def load(home: Home, streams: int) -> Iterator[list[Asked]]:
    """Load while the body runs; what was asked is in the list afterwards."""
    key = home.run(FREEROUTER, "keys", "show", "master").strip()
    options = {"port": home.environ["LITELLM_PORT"], "kept": 2, "fresh": 2, "streams": streams}
    command = [sys.executable, str(HERE / "load.py"), "--most", "20000", "--pause", "0.05"]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    asked: list[Asked] = []
    with subprocess.Popen(
        command,
        env={**os.environ, KEY: key},
        stdin=subprocess.PIPE,
        stdout=(home.path / "asked").open("wb"),
    ) as child:
        try:
            yield asked
        finally:
            assert child.stdin
            child.stdin.close()
            child.wait()
    asked += [Asked(*json.loads(line)) for line in (home.path / "asked").open(encoding="utf-8")]


def reloads(
    home: Home, base: int, models: int, count: int, calm: float
) -> Iterator[tuple[float, float]]:
    """Reload again and again; when each began, and how long until the new model was there."""
    for number in range(1, count + 1):
        time.sleep(calm)
        configure(home, base, models + number)
        time.sleep(calm / 4)
        began = time.time()
        home.run(FREEROUTER, "reload")
        seconds = time.time() - began
        if f"m{models + number}" not in served(home):
            raise SystemExit("The new configuration is not served.")
        yield began, seconds


def served(home: Home) -> set[str]:
    connection = HTTPConnection("127.0.0.1", int(home.environ["LITELLM_PORT"]), timeout=30)
    key = home.run(FREEROUTER, "keys", "show", "master").strip()
    connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"})
    rows = json.loads(connection.getresponse().read())["data"]
    connection.close()
    return {row["id"] for row in rows}


def tell(asked: list[Asked], spans: list[tuple[float, float]], cold: float) -> None:
    bad = [one for one in asked if one.what]
    plain = [one for one in asked if one.kind != "stream"]
    begin, first = min(one.began for one in asked) + WARMING, spans[0][0]
    during = [
        one.seconds
        for one in plain
        if any(one.began < end and one.began + one.seconds > start for start, end in _ends(spans))
    ]
    before = [one.seconds for one in plain if begin < one.began < first - one.seconds]
    seconds = statistics.median(seconds for _, seconds in spans)
    for kind in ("kept", "fresh", "stream"):
        those = [one for one in asked if one.kind == kind]
        print(f"  {kind:<8} {len(those):6} requests, {sum(bool(o.what) for o in those)} went wrong")
    for one in bad[:10]:
        print(f"    {one}")
    print(f"  {len(spans)} reloads, the slowest {max(s for _, s in spans):.2f} s")
    print(f"lost: {len(bad)} of {len(asked)} requests (target 0)")
    name = "p99 of plain requests during reloads"
    figure(name, _p99(during), "before", _p99(before), 2.0)
    print(f"  ({_p99(before) * 1000:.0f} ms before, {_p99(during) * 1000:.0f} ms during)")
    print(f"reload, until the new model is served: {seconds:.2f} s (target 2.5 s)")
    figure("reload", seconds, f"cold start ({cold:.1f} s)", cold, 0.3)


def _ends(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(began, began + seconds) for began, seconds in spans]


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


if __name__ == "__main__":
    main()
