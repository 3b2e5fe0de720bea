"""What a worker asks itself before it serves: no provider hears of it, and nobody counts it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from chat_only import MODEL, ChatOnly

if TYPE_CHECKING:
    from conftest import World

pytestmark = pytest.mark.gateway
OWN = """\
import os
from litellm.integrations.custom_logger import CustomLogger

class Told(CustomLogger):
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        with open(os.path.join(os.path.dirname(__file__), "told"), "a") as file:
            file.write("x")

told = Told()
"""


def test_what_a_worker_asks_itself_is_asked_and_counted_nowhere(
    gateway: World, free_port: int
) -> None:
    provider = ChatOnly()
    try:
        gateway.providers(
            f"gateway: {{port: {free_port}}}\n"
            f"providers: [{{type: oai, api_base: '{provider.base}',"
            " limits: {requests/day: 1}}]\n"
            "litellm: {litellm_settings: {callbacks: [own.told]}}\n"
        )
        (gateway.workspace / "own.py").write_text(OWN)
        assert gateway.cli("fetch").code == 0
        provider.asked.clear()
        assert gateway.cli("start").code == 0
        assert gateway.cli("reload").code == 0
        status = json.loads(gateway.cli("status", "--json").out)
        assert status["requests_last_hour"] == 0
        assert provider.asked == []
        key = gateway.cli("keys", "show", "master").out.strip()
        answer = httpx.post(
            f"http://127.0.0.1:{free_port}/v1/chat/completions",
            json={"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]},
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        )
        assert answer.status_code == 200
        told = gateway.workspace / "told"
        lines = gateway.workspace / "state" / "requests.jsonl"
        deadline = time.monotonic() + 30
        while not (told.exists() and lines.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert told.read_text() == "x"
        assert len(provider.asked) == 1
        recorded = [json.loads(line)["alias"] for line in lines.read_text().splitlines()]
        assert recorded == [MODEL]
    finally:
        gateway.cli("stop")
        provider.close()
