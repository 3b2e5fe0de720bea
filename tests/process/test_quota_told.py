"""The real gateway: what providers say of their limits is in `quota`, `status` and the shell."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeServer, Reply, completion, openai_list

from freerouter.context import make_context
from freerouter.shell.snapshot import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

pytestmark = pytest.mark.gateway
CHAT = "/v1/chat/completions"
GOOGLE = {
    "code": 429,
    "message": "You exceeded your current quota",
    "details": [
        {
            "@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [
                {
                    "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
                    "quotaValue": "20",
                }
            ],
        }
    ],
}


def quota(world: World, *words: str) -> list[dict[str, Any]]:
    ran = world.cli("quota", "--json", *words)
    assert ran.code == 0, ran
    found: list[dict[str, Any]] = json.loads(ran.out)["quotas"]
    return found


def until(holds: Callable[[], bool]) -> None:
    """What is known after a call is written a moment later."""
    end = time.monotonic() + 60
    while not holds() and time.monotonic() < end:
        time.sleep(0.1)
    assert holds()


def test_what_a_provider_says_of_its_limits_is_told(
    gateway: World, serve: Callable[[], FakeServer]
) -> None:
    named, silent = serve(), serve()
    for server, model in ((named, "a"), (silent, "b")):
        server.replies["/v1/models"] = openai_list(model)
        server.replies[CHAT] = Reply(completion("Hi", model))
    rows = [
        f"  - {{type: oai, name: {name}, api_base: '{server.url}/v1'{more}}}\n"
        for name, server, more in (
            ("named", named, ", limits: {requests/month: 100}"),
            ("silent", silent, ""),
        )
    ]
    head, _, _ = (gateway.workspace / "providers.yaml").read_text().partition("providers:")
    gateway.providers(f"{head}providers:\n" + "".join(rows))
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start").code == 0

    named.replies[CHAT].headers.update(
        {"x-ratelimit-limit-req-month": "80", "x-ratelimit-remaining-req-month": "4"}
    )
    assert gateway.cli("ask", "--model", "a", "Hello").code == 0
    until(lambda: quota(gateway, "named")[0]["used_from"] == "said")
    (month,) = quota(gateway, "named")
    assert (month["limit"]["most"], month["used"], month["left"]) == (80, 76, 4)
    assert month["limit"]["source"] == "yours"

    assert quota(gateway, "silent") == []
    silent.replies[CHAT] = Reply({"error": GOOGLE}, 429)
    assert gateway.cli("ask", "--model", "b", "Hello").code == 5
    until(lambda: bool(quota(gateway, "silent")))
    (day,) = quota(gateway, "silent")
    assert (day["model"], day["limit"]["per"], day["used_up"], day["left"]) == ("b", "day", True, 0)
    assert 0 < day["resets_in"] <= 25 * 3600
    calls = len(silent.seen)
    assert gateway.cli("ask", "--model", "b", "Hello").code == 5
    assert len(silent.seen) == calls

    told = gateway.cli("status").out
    assert "silent/b has no requests left until " in told
    assert "named has 5 % of the requests left until " in told
    scarce = json.loads(gateway.cli("status", "--json").out)["quota"]
    assert [(one["who"], one["percent"]) for one in scarce] == [("silent/b", 100), ("named", 95)]
    seen = Reader().read(make_context()).standing.quota
    assert [one.short for one in seen] == ["silent/b 100 % of today", "named 95 % of this month"]
