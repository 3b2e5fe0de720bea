"""`fetch` at 40 providers and 20,000 models: against the slowest provider, and the original's way.

The original asked each provider with `requests` in a thread and wrote with PyYAML's own emitter;
here that way is walked with the same answers in the same run (urllib in place of requests: less,
not more, to import).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.request import urlopen

import yaml
from measure import BIN, FREEROUTER, figure, medians, milliseconds, new_home, server

from freerouter.config.yaml_writer import dump_slowly

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure import Home

ROUNDS = 5
PROVIDERS = 40
MODELS = 500
DELAY = 0.5
SLOWEST = "the slowest provider alone"
FETCH = "freerouter fetch"
WRITE = "of which writing its files"
VERSION = "freerouter --version"
ONCE = "a script that fetches once"
TWICE = "a script that fetches twice"
ORIGINAL = "the original's way"
MEGABYTES = 200

ORIGINAL_WAY = """
import json, sys, threading, urllib.request, yaml
base, number, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
found = {}
def ask(name):
    with urllib.request.urlopen(f"{base}/{name}/v1/models") as answer:
        found[name] = [row["id"] for row in json.load(answer)["data"]]
threads = [threading.Thread(target=ask, args=(f"p{n}",)) for n in range(number)]
for thread in threads: thread.start()
for thread in threads: thread.join()
rows = [
    {"model_name": model, "litellm_params": {"model": f"openai/{model}", "api_base": f"{base}/{name}/v1", "api_key": "x"}}
    for name in found for model in found[name]
]
with open(path, "w") as file:
    yaml.dump({"model_list": rows}, file, default_flow_style=False, sort_keys=False)
"""  # noqa: E501 - a program, as it is run


TIMED = """
import gc, time
gc.disable()  # as the command itself does
from freerouter.commands import fetch
write, spent = fetch.write, []
def timed(*words, **more):
    began = time.perf_counter()
    try:
        return write(*words, **more)
    finally:
        spent.append(time.perf_counter() - began)
fetch.write = timed
from freerouter.cli import main
main(["fetch"])
print(spent[0])
"""


def main() -> None:
    with new_home() as home, server(answer, DELAY) as port:
        base = f"http://127.0.0.1:{port}"
        home.run(FREEROUTER, "init")
        entries = "".join(
            f"  - {{type: oai, name: p{n}, api_base: '{base}/p{n}/v1'}}\n" for n in range(PROVIDERS)
        )
        (home.workspace / "providers.yaml").write_text(f"providers:\n{entries}", encoding="utf-8")
        subjects: dict[str, Callable[[], float]] = {
            SLOWEST: partial(seconds_of, f"{base}/p0/v1/models"),
            FETCH: partial(fetch, home),
            WRITE: partial(writing, home),
            VERSION: partial(home.seconds, FREEROUTER, "--version"),
            ONCE: partial(home.seconds, FREEROUTER, "run", script(home, 1)),
            TWICE: partial(home.seconds, FREEROUTER, "run", script(home, 2)),
        }
        medians(subjects, 1)
        times = medians(subjects, ROUNDS)
        times[ORIGINAL] = original(home, base)
        text = (home.workspace / "config.yaml").read_text(encoding="utf-8")
        data = yaml.load(text, Loader=yaml.CSafeLoader)
        same = dump_slowly(data) == text.partition("\n\n")[2]
        peak = peak_of(home)
    count = len(data["model_list"])
    print(f"Median of {ROUNDS}, {PROVIDERS} providers of {DELAY:g} s, {count} models in all:")
    milliseconds(times)
    print(f"config.yaml is what PyYAML would write, to the byte: {same}")
    least = times[SLOWEST] + times[WRITE]
    figure(FETCH, times[FETCH], "the slowest provider and the time to write", least, 1.5)
    allowed = 1.5 * times[SLOWEST] + times[WRITE]
    told = "of 1.5x of the slowest provider, and the time to write once"
    print(f"  read strictly: {times[FETCH] / allowed:.2f}x {told} (target 1x)")
    print(f"  net of a process start: {(times[FETCH] - times[VERSION]) / allowed:.2f}x")
    inside = times[TWICE] - times[ONCE]
    print(f"  a further one in a running shell or script: {inside / allowed:.2f}x")
    print(f"{FETCH}: {times[ORIGINAL] / times[FETCH]:.1f}x as fast as {ORIGINAL} (target 3x)")
    print(f"peak memory of fetch: {peak:.0f} MB (target {MEGABYTES} MB)")


def script(home: Home, times: int) -> str:
    path = home.path / f"fetch-{times}.frs"
    path.write_text("fetch\n" * times, encoding="utf-8")
    return str(path)


def original(home: Home, base: str) -> float:
    target = str(home.path / "original.yaml")
    return home.seconds(sys.executable, "-c", ORIGINAL_WAY, base, str(PROVIDERS), target)


@cache
def answer(path: str) -> bytes:
    """Models as most providers list them, each provider its own."""
    name = path.split("/")[1]
    rows = [
        {
            "id": f"vendor-{number % 20}/{name}-model-{number}",
            "object": "model",
            "created": 1700000000 + number,
            "owned_by": f"vendor-{number % 20}",
            "context_length": 131072,
        }
        for number in range(MODELS)
    ]
    return json.dumps({"object": "list", "data": rows}).encode()


def fetch(home: Home) -> float:
    """Seconds of a whole `fetch` from nothing."""
    forget(home)
    return home.seconds(FREEROUTER, "fetch")


def writing(home: Home) -> float:
    """Seconds that another one takes to write."""
    forget(home)
    return float(home.run(sys.executable, "-c", TIMED).split()[-1])


def forget(home: Home) -> None:
    for name in ("config.yaml", "state/models.json"):
        (home.workspace / name).unlink(missing_ok=True)


def seconds_of(url: str) -> float:
    began = time.perf_counter()
    with urlopen(url) as came:  # noqa: S310 - our own server
        came.read()
    return time.perf_counter() - began


def peak_of(home: Home) -> float:
    """The most memory that one `fetch` held, in megabytes."""
    (home.workspace / "config.yaml").unlink()
    # Not getrusage: a child begins with its parent's mark there.
    program = (
        "from freerouter.cli import main; main(['fetch']);"
        "lines = open('/proc/self/status').read().splitlines();"
        "print(next(line for line in lines if line.startswith('VmHWM')).split()[1])"
    )
    done = subprocess.run(
        [str(BIN / "python"), "-c", program],
        env=home.environ,
        cwd=home.path,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1]) / 1024


if __name__ == "__main__":
    main()
