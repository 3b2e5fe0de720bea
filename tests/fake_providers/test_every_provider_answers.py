"""A gateway with a deployment of every provider: the real engine takes each, and each answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from alone import alone

from freerouter.config.secrets import read_env_file
from freerouter.fakes import FakeProviders
from freerouter.fakes.description import read_fakes
from freerouter.providers.catalogue import Catalogue

if TYPE_CHECKING:
    from conftest import World

ASKED = [record.id for record in Catalogue().all() if not record.fixed]
OWN_NAMES = {
    "bedrock": "us.anthropic.claude-sonnet-4-20250514-v1:0",
    "fireworks_ai": "accounts/fireworks/models/fake",
    "gemini": "gemini-fake",
}
"""The engine goes by the name of a model there, and does not take one that it cannot read."""


def model_of(name: str) -> str:
    return OWN_NAMES.get(name, f"vendor/model-{name}")


@pytest.mark.gateway
def test_the_engine_takes_every_provider_and_each_answers(
    gateway: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    described = {
        name: {"models": [model_of(name)], "keys": [f"key-of-{name}"], "answer": f"I am {name}"}
        for name in ASKED
    }
    keyless = [r.id for r in Catalogue().all() if r.id in described and r.key == "none"]
    for name in keyless:
        del described[name]["keys"]
    path = tmp_path / "fakes.yaml"
    path.write_text(yaml.safe_dump({"providers": described}), encoding="utf-8")
    with FakeProviders(read_fakes(str(path))) as running:
        running.write(str(tmp_path / "records"))
        monkeypatch.setenv("FREEROUTER_CATALOGUE", str(tmp_path / "records"))
        entries = []
        for name in ASKED:
            record = Catalogue().get(name)
            entry: dict[str, Any] = {"type": name, "options": {"models": "all"}}
            if record.generic:
                entry["api_base"] = running.urls[name]
            variable = record.env[0] if record.env else f"KEY_OF_{name.upper()}"
            if record.key != "none":
                entry["api_key"] = f"${{{variable}}}"
                monkeypatch.setenv(variable, f"key-of-{name}")
            entries.append(entry)
        file = gateway.workspace / "providers.yaml"
        text = file.read_text().partition("providers:")[0]
        file.write_text(text + yaml.safe_dump({"providers": entries}), encoding="utf-8")
        fetched = gateway.cli("fetch", "--json")
        assert fetched.code == 0, fetched.err
        assert json.loads(fetched.out)["models"] == len(ASKED)
        assert json.loads(fetched.out)["problems"] == []
        check_deployments(gateway)
        started = gateway.cli("start", "--json")
        assert started.code == 0, started.err
        url = json.loads(started.out)["url"]
        key = read_env_file(str(gateway.workspace / ".env"))["LITELLM_MASTER_KEY"]
        answers = {name: answer_of(url, key, name) for name in ASKED}
        streams = {name: stream_of(url, key, name) for name in ASKED}
    assert answers == {name: f"I am {name}" for name in ASKED}
    assert streams == {name: (f"I am {name}", True, "stop") for name in ASKED}


def check_deployments(world: World) -> None:
    """An address and a key by reference in each, so that nothing goes where it was not meant to."""
    text = (world.workspace / "config.yaml").read_text()
    assert "key-of-" not in text
    for deployment in alone(yaml.safe_load(text)):
        params = deployment["litellm_params"]
        assert params["api_base"].startswith("http://127.0.0.1:")
        assert params["api_key"].startswith("os.environ/") or params["api_key"] == "not-needed"


def stream_of(url: str, key: str, name: str) -> tuple[str, bool, str]:
    """What a streamed answer comes to, whether it came in pieces, and why it ended."""
    question = {"model": model_of(name), "messages": [{"role": "user", "content": "Who are you?"}]}
    pieces, ended = [], ""
    with httpx.stream(
        "POST",
        f"{url}/chat/completions",
        json={**question, "stream": True},
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    ) as answer:
        for line in answer.iter_lines():
            if not line.startswith("data: {"):
                continue
            event = json.loads(line.removeprefix("data: "))
            if "choices" not in event:
                return line, False, ""
            for choice in event["choices"]:
                pieces += [choice["delta"]["content"]] if choice["delta"].get("content") else []
                ended = choice.get("finish_reason") or ended
    return "".join(pieces).strip(), len(pieces) > 1, ended


def answer_of(url: str, key: str, name: str) -> str:
    question = {"model": model_of(name), "messages": [{"role": "user", "content": "Who are you?"}]}
    answer = httpx.post(
        f"{url}/chat/completions",
        json=question,
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    )
    if answer.status_code != 200:
        return f"{answer.status_code}: {answer.text[:300]}"
    said: str = answer.json()["choices"][0]["message"]["content"]
    return said.strip()
