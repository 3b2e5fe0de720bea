"""How soon the gateway answers: `freerouter start` against plain `litellm`, one config.yaml.

FREEROUTER_ENGINE_PATCHES=off in the environment measures the start without FreeRouter's patches.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import time
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from measure import BIN, FREEROUTER, figure, free_port, medians, milliseconds, new_home, server

if TYPE_CHECKING:
    from measure import Home

ROUNDS = 3
MANY = 3000
"""So many models take LiteLLM minutes: fewer rounds do."""
PATIENCE = 400.0
LITELLM = "litellm"
START = "freerouter start"
FIRST_CHAT = {LITELLM: "first chat after litellm", START: "first chat after freerouter start"}
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m1",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1, help="of one provider (0: only the demo)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    count, rounds = given.models, given.rounds
    chat = json.dumps(ANSWER).encode()
    rows = [{"id": f"m{n}", "object": "model"} for n in range(1, count + 1)]
    listed = json.dumps({"object": "list", "data": rows}).encode()

    def answer(path: str) -> bytes:
        return listed if path.endswith("/models") else chat

    with new_home() as home, server(answer) as upstream:
        if patches := os.environ.get("FREEROUTER_ENGINE_PATCHES"):
            home.environ["FREEROUTER_ENGINE_PATCHES"] = patches
        configure(home, count, upstream)
        runs = Runs(home, "m1" if count else "demo")
        subjects = {LITELLM: runs.litellm, START: runs.freerouter}
        medians(subjects, 1)
        runs.chats.clear()
        times = medians(subjects, rounds)
    print(f"Median of {rounds}, {max(count, 1)} models, until GET /v1/models answers 200:")
    chats = {FIRST_CHAT[name]: sorted(runs.chats[name])[rounds // 2] for name in subjects}
    milliseconds({**times, **chats})
    whole = {name: times[name] + chats[FIRST_CHAT[name]] for name in subjects}
    ratio = whole[START] / whole[LITELLM]
    print(f"{START} and a first chat: {ratio:.2f}x of {LITELLM} and a first chat")
    target = 0.2 if count >= MANY else 0.45
    figure(START, times[START], LITELLM, times[LITELLM], target)


def configure(home: Home, count: int, upstream: int) -> None:
    """A workspace with the demo and a provider of `count` models, fetched."""
    home.run(FREEROUTER, "init")
    bulk = f"  - {{type: oai, name: bulk, api_base: 'http://127.0.0.1:{upstream}/v1'}}\n"
    text = f"providers:\n  - type: demo\n{bulk if count else ''}"
    (home.workspace / "providers.yaml").write_text(text, encoding="utf-8")
    home.run(FREEROUTER, "fetch")


class Runs:
    """Starts either of the two, waits until it answers, asks it once, and ends it."""

    def __init__(self, home: Home, model: str) -> None:
        self.home = home
        self.model = model
        self.key = home.run(FREEROUTER, "keys", "show", "master").strip()
        self.chats: dict[str, list[float]] = {}
        config = home.workspace / "config.yaml"
        named = re.findall(r"os\.environ/(\w+)", config.read_text(encoding="utf-8"))
        self.environ = {
            **home.environ,
            **{name: os.environ[name] for name in named if name in os.environ},
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_MASTER_KEY": self.key,
        }
        self.litellm_command = [str(BIN / "litellm"), "--config", str(config)]

    def litellm(self) -> float:
        port = free_port()
        command = [*self.litellm_command, "--host", "127.0.0.1", "--port", str(port)]
        began = time.perf_counter()
        child = self.spawn(command)
        try:
            self.wait(port)
            seconds = time.perf_counter() - began
            self._chat(LITELLM, port)
        finally:
            end(child)
        return seconds

    def freerouter(self) -> float:
        port = free_port()
        began = time.perf_counter()
        child = self.spawn([FREEROUTER, "start", "--port", str(port)])
        try:
            self.wait(port)
            seconds = time.perf_counter() - began
            self._chat(START, port)
            child.wait()
        finally:
            end(child)
            self.home.run(FREEROUTER, "stop", "--timeout", "2")
        return seconds

    def spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env=self.environ,
            cwd=self.home.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self, port: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._ask(port, "GET", "/v1/models", "") != 200:
            if time.monotonic() > deadline:
                raise SystemExit("The gateway did not answer.")
            time.sleep(0.02)

    def _chat(self, name: str, port: int) -> None:
        messages = [{"role": "user", "content": "hello"}]
        body = json.dumps({"model": self.model, "messages": messages})
        began = time.perf_counter()
        status = self._ask(port, "POST", "/v1/chat/completions", body)
        if status != 200:
            raise SystemExit(f"{name}: the chat completion answered {status}.")
        self.chats.setdefault(name, []).append(time.perf_counter() - began)

    def _ask(self, port: int, method: str, path: str, body: str) -> int:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return 0
        else:
            return answer.status
        finally:
            connection.close()


def end(child: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the child's own group, SIGKILL where that is not enough."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is None:
            os.killpg(child.pid, number)
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
        return


if __name__ == "__main__":
    main()
