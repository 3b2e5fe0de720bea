"""How long a client waits beyond the provider's own time, where a model cannot answer.

Every fault alone before a model that answers, all of them together in a pool whose last member
answers, a pool in which nobody does, and a lone model at its limit; streamed and plain, as a chat
and as Anthropic's messages. Every case has an alias of its own, since who failed rests for a while.
The lone model is also asked through plain `litellm --config`, as it comes: the ratio is to that.
"""

from __future__ import annotations

import argparse
import http.client
import json
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import NamedTuple

from gateway_start import LITELLM, Runs, end
from measure import BIN, FREEROUTER, free_port, new_home

from freerouter.config.yaml_file import dump_yaml
from freerouter.fakes import fake_providers

TIMEOUT = 3.0
"""Seconds that a model may take: what one that hangs takes of a client's time."""
RETRY_AFTER = 7
FAULTS = {
    "429": {"status": 429, "retry_after": RETRY_AFTER},
    "401": 401,
    "500": 500,
    "503": {"status": 503, "retry_after": 20},
    "hang": "hang",
    "drop": "drop",
}
POOL = ("429", "401", "500", "hang", "drop")
NONE = ("429", "401", "500", "drop")
WAYS = tuple(product(("chat", "messages"), ("plain", "streamed")))
BOUND = 2.0
FINE = "fine"


class Case(NamedTuple):
    """Models that are asked in this order; `own` is what providers take of the time themselves."""

    name: str
    members: tuple[str, ...]
    status: int = 200

    @property
    def own(self) -> float:
        return TIMEOUT * self.members.count("hang")


CASES = (
    Case("nothing fails", (FINE,)),
    *(Case(f"{fault}, then one that answers", (fault, FINE)) for fault in FAULTS),
    Case("all of them, then one that answers", (*POOL, FINE)),
    Case("nobody answers", NONE, 429),
)


class Gateway(NamedTuple):
    port: int
    key: str

    def seconds(self, model: str, way: tuple[str, str], status: int) -> float:
        """Until the whole answer is there. Stops the benchmark where it is another one."""
        dialect, form = way
        question = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
        body = json.dumps({**question, "max_tokens": 9, "stream": form == "streamed"})
        path = "/v1/messages" if dialect == "messages" else "/v1/chat/completions"
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        began = time.perf_counter()
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != status:
            raise SystemExit(f"{model}, {dialect}, {form}: {answer.status} {text[:200]!r}")
        return time.perf_counter() - began


def alias(number: int, way: tuple[str, str]) -> str:
    return f"case-{number}-{'-'.join(way)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plain", type=int, default=1, help="how often litellm is asked (1)")
    rounds = parser.parse_args().plain
    with tempfile.TemporaryDirectory() as records, new_home() as home:
        fakes: dict[str, object] = {
            f"p{name}": {"shape": "openai", "models": [name], "fail": {"chat": how}}
            for name, how in FAULTS.items()
        }
        fakes[f"p{FINE}"] = {"shape": "openai", "models": [FINE]}
        described = Path(records, "fakes.yaml")
        described.write_text(dump_yaml({"providers": fakes}), encoding="utf-8")
        home.environ["FREEROUTER_CATALOGUE"] = records
        home.workspace.mkdir(parents=True)
        aliases = {
            alias(number, way): [f"p{member}/{member}" for member in case.members]
            for number, case in enumerate(CASES)
            for way in WAYS
        }
        port = free_port()
        wanted = {
            "gateway": {"port": port, "request_timeout": TIMEOUT},
            "providers": [{"type": name} for name in fakes],
            "aliases": aliases,
        }
        (home.workspace / "providers.yaml").write_text(dump_yaml(wanted), encoding="utf-8")
        with fake_providers(str(described), records) as servers:
            home.run(FREEROUTER, "fetch")
            home.run(FREEROUTER, "start")
            try:
                runs = Runs(home, FINE)
                ours = Gateway(port, runs.key)
                lone = measure(ours)
                default = through_litellm(runs, servers.urls["p429"], rounds)
            finally:
                home.run(FREEROUTER, "stop", "--timeout", "2")
    print(f"A lone 429: {lone / default:.3f}x of {LITELLM} as it comes ({default:.1f} s)")


def measure(ours: Gateway) -> float:
    """Print the figures of the gateway; seconds of a lone model at its limit."""
    for way in WAYS:
        ours.seconds(FINE, way, 200)  # what is built at the first request is built
    worst = 0.0
    print(
        f"{'seconds beyond the provider`s own':<38}" + "".join(f"{' '.join(w):>18}" for w in WAYS)
    )
    for number, case in enumerate(CASES):
        found = [ours.seconds(alias(number, w), w, case.status) - case.own for w in WAYS]
        worst = max(worst, *found)
        print(f"  {case.name:<36}" + "".join(f"{seconds:>18.2f}" for seconds in found))
    lone = [ours.seconds("429", way, 429) for way in WAYS]
    failing = [ours.seconds("500", way, 500) for way in WAYS]
    print(f"  {'a lone 429':<36}" + "".join(f"{seconds:>18.2f}" for seconds in lone))
    print(f"  {'a lone 500, asked twice':<36}" + "".join(f"{s:>18.2f}" for s in failing))
    worst = max(worst, *lone, *failing)
    print(f"The longest wait beyond the provider's own time: {worst:.2f} s (target {BOUND:g} s)")
    return lone[0]


def through_litellm(runs: Runs, url: str, rounds: int) -> float:
    """Seconds of a lone model at its limit through plain LiteLLM, the shortest of all rounds."""
    config = runs.home.path / "plain.yaml"
    params = {"model": "openai/429", "api_base": url, "api_key": "none"}
    config.write_text(
        dump_yaml(
            {
                "model_list": [{"model_name": "429", "litellm_params": params}],
                "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
            }
        ),
        encoding="utf-8",
    )
    port = free_port()
    command = [str(BIN / "litellm"), "--config", str(config), "--host", "127.0.0.1"]
    child = runs.spawn([*command, "--port", str(port)])
    try:
        runs.wait(port)
        plain = Gateway(port, runs.key)
        return min(plain.seconds("429", WAYS[0], 429) for _ in range(rounds))
    finally:
        end(child)


if __name__ == "__main__":
    main()
