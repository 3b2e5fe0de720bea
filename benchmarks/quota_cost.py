"""CPU that keeping to quotas costs of a request: four limits a deployment, one, and none.

A group of eight deployments is looked over, one of them is counted in, and its tokens afterwards:
what the gateway does of quotas for one request. CPU time, so that it also holds on a busy machine;
each figure is the least of several rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from freerouter.usage import doors
from freerouter.usage.doors import Shut
from freerouter.usage.quotas import Quotas

TARGET = 0.2
GROUP = 8
REQUESTS = 2000
AT_ONCE = 20
"""Requests between two turns of the loop, in which what is known afterwards is written."""
MANY = 10**9
LIMITS = tuple(
    {f"{counts}/{per}": MANY} for counts in ("requests", "tokens") for per in ("minute", "day")
)


def row(provider: str, limits: tuple[dict[str, int], ...]) -> dict[str, Any]:
    info = {"id": f"{provider}/m", "freerouter_provider": provider}
    more = {"freerouter_limits": list(limits)} if limits else {}
    params = {"model": "openai/m"}
    return {"model_name": "m", "litellm_params": params, "model_info": {**info, **more}}


def request(quotas: Quotas, group: list[dict[str, Any]]) -> None:
    assert not any(doors.shut(member) for member in group)
    chosen = group[0]
    assert doors.shut(chosen) is None
    ticket = quotas.enter(chosen)
    assert not isinstance(ticket, Shut)
    if ticket is not None:
        quotas.leave(chosen, ticket, 1)
    quotas.spent(chosen["model_info"]["id"], 50)


async def cost(quotas: Quotas, group: list[dict[str, Any]], rounds: int) -> float:
    """Milliseconds of CPU a request."""
    least = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        for number in range(REQUESTS):
            request(quotas, group)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        quotas.flush()
        least = min(least, (time.process_time() - before) / REQUESTS * 1000)
    return least


async def measure(path: str, rounds: int) -> None:
    quotas = Quotas(path, print)
    doors.DOORS.append(quotas.door)
    for limits in (LIMITS, LIMITS[1:2], ()):
        group = [row(f"p{len(limits)}-{number}", limits) for number in range(GROUP)]
        found = await cost(quotas, group, rounds)
        target = f" (target {TARGET:g} ms)" if limits == LIMITS else ""
        print(f"{len(limits)} limits: {found:.4f} ms CPU a request{target}")
    quotas.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(measure(str(Path(directory, "quota.db")), rounds))


if __name__ == "__main__":
    main()
