"""The gateway as it is started, with two workers: its numbers, and where they are scraped."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import World

pytestmark = pytest.mark.gateway


def metrics(world: World) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.cli("metrics", "--json").out)
    return found


def test_what_both_workers_did_is_in_one_database(gateway: World, free_port: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    gateway.providers(
        f"gateway: {{port: {free_port}, workers: 2}}\n"
        f"usage: {{metrics_port: {port}}}\nproviders: [{{type: demo}}]\n"
    )
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start").code == 0
    for _ in range(6):
        assert gateway.cli("ask", "--model", "demo", "hello").code == 0
    while (metrics(gateway)["total"] or {}).get("requests", 0) < 6:
        time.sleep(0.1)
    (row,) = metrics(gateway)["groups"]
    assert (row["name"], row["requests"], row["failed"]) == ("demo (demo)", 6, 0)
    assert (row["calls"], row["failed_calls"], row["cost"]) == (6, 0, 0)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    assert text.splitlines()[1] == "# TYPE freerouter_requests_total counter"
    samples = [line for line in text.splitlines() if line.startswith("freerouter_requests_total")]
    assert sum(int(line.split()[-1]) for line in samples) == 6

    # The new workers take the address over, and what was written stays.
    assert gateway.cli("reload").code == 0
    assert gateway.cli("stop").code == 0
    assert metrics(gateway)["total"]["requests"] == 6
    log = (gateway.workspace / "state" / "gateway.log").read_text()
    assert f"numbers at http://127.0.0.1:{port}/metrics" in log
    key = gateway.cli("keys", "show", "master").out.strip()
    assert key.encode() not in (gateway.workspace / "state" / "usage.db").read_bytes()
