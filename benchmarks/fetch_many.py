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
from functools import partial
from typing import TYPE_CHECKING

import yaml
from measure import BIN, FREEROUTER, figure, medians, milliseconds, new_home, server

from freerouter.config.yaml_writer import dump_slowly, dump_yaml

if TYPE_CHECKING:
    from measure import Home

ROUNDS = 5
PROVIDERS = 40
MODELS = 500
DELAY = 0.5
SLOWEST = "the slowest provider alone"
FETCH = "freerouter fetch"
WRITE = "writing its files"
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


def main() -> None:
    with new_home() as home, server(answer, DELAY) as port:
        base = f"http://127.0.0.1:{port}"
        home.run(FREEROUTER, "init")
        entries = "".join(
            f"  - {{type: oai, name: p{n}, api_base: '{base}/p{n}/v1'}}\n" for n in range(PROVIDERS)
        )
        (home.workspace / "providers.yaml").write_text(f"providers:\n{entries}", encoding="utf-8")
        one = [sys.executable, "-c", ORIGINAL_WAY, base, "1", str(home.path / "one.yaml")]
        many = [sys.executable, "-c", ORIGINAL_WAY, base, str(PROVIDERS), str(home.path / "o.yaml")]
        config = home.workspace / "config.yaml"
        subjects = {
            SLOWEST: lambda: DELAY,
            FETCH: partial(fetch, home),
            WRITE: lambda: seconds_to_write(str(config)) if config.exists() else 0.0,
        }
        medians(subjects, 1)
        times = medians(subjects, ROUNDS)
        times[ORIGINAL] = home.seconds(*many)
        home.run(*one)
        text = config.read_text(encoding="utf-8")
        data = yaml.load(text, Loader=yaml.CSafeLoader)
        same = dump_slowly(data) == text.partition("\n\n")[2]
        peak = peak_of(home)
    print(
        f"{ROUNDS} rounds, {PROVIDERS} providers of {DELAY:g} s, {len(data['model_list'])} models:"
    )
    milliseconds(times)
    print(f"config.yaml is what PyYAML writes, to the byte: {same}")
    net = times[FETCH] - times[WRITE]
    figure("fetch without the time to write", net, SLOWEST, times[SLOWEST], 1.5)
    print(f"{FETCH}: {times[ORIGINAL] / times[FETCH]:.1f}x as fast as {ORIGINAL} (target 3x)")
    print(f"peak memory of fetch: {peak:.0f} MB (target {MEGABYTES} MB)")


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
    for name in ("config.yaml", "state/models.json"):
        (home.workspace / name).unlink(missing_ok=True)
    return home.seconds(FREEROUTER, "fetch")


def seconds_to_write(path: str) -> float:
    """What it takes to word and write a file of that content again."""
    with open(path, encoding="utf-8") as file:
        data = yaml.load(file, Loader=yaml.CSafeLoader)
    began = time.perf_counter()
    text = dump_yaml(data)
    with open(f"{path}.again", "w", encoding="utf-8") as file:
        file.write(text)
    return time.perf_counter() - began


def peak_of(home: Home) -> float:
    """The most memory that one `fetch` held, in megabytes."""
    (home.workspace / "config.yaml").unlink()
    program = (
        "import resource, sys; from freerouter.cli import main; sys.argv[1:] = ['fetch'];"
        "code = main(['fetch']); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [str(BIN / "python"), "-c", program],
        env=home.environ,
        cwd=home.path,
        capture_output=True,
        text=True,
        check=True,
    )
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return int(done.stdout.split()[-1]) / unit


if __name__ == "__main__":
    main()
