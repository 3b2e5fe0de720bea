"""`metrics` over a million recorded requests: how long it takes, and how large the database is.

The requests are spread over a month, of seven models at five providers, asked by two clients under
four names; every eleventh fails and every tenth takes two calls. They are written by the recorder's
own code, without a gateway; what is over is summed up as the gateway would have done meanwhile.
"""

from __future__ import annotations

import argparse
import random
import time
from contextlib import closing

from measure import FREEROUTER, medians, milliseconds, new_home

from freerouter.usage.days import join_days
from freerouter.usage.entry import Attempt, Entry, Way
from freerouter.usage.schema import open_to_write
from freerouter.usage.spans import seal
from freerouter.usage.store import Store

DAYS = 30
BATCH = 1000
SPARSE = 3000
"""Requests of the small database: one a quarter of an hour, so that each has its own sums."""
TARGET = 1.0
LINES = {
    "metrics (24 hours)": (),
    "metrics --since 31d": ("--since", "31d"),
    "metrics --since 31d --by day": ("--since", "31d", "--by", "day"),
    "metrics --since 31d --by hour": ("--since", "31d", "--by", "hour"),
    "metrics --prometheus": ("--prometheus",),
}


def fill(path: str, count: int) -> None:
    dice = random.Random(1)  # noqa: S311 - the same requests each time
    now = time.time()
    begin = now - DAYS * 86400
    ways = [way(number) for number in range(40)]
    with closing(open_to_write(path)) as db:
        store = Store(db)
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            store.add(
                entry(dice, ways, round((begin + (now - begin) * n / count) * 1000))
                for n in numbers
            )
        seal(db, now, 0)
        join_days(db, now)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = db.execute("PRAGMA page_count").fetchone()[0] * 4096
    print(f"{count} requests: {size / count:.0f} bytes each (target 200)")


def way(number: int) -> Way:
    model, provider = f"model-{number % 7}", f"provider-{number % 5}"
    limited = number % 11 == 0
    return Way(
        f"alias-{number % 4}", provider, model, f"{provider}/{model}",
        ("claude-cli/2.0", "openai/1.0")[number % 2], "chat", bool(number % 3),
        429 if limited else 200, "RateLimitError" if limited else "",
    )  # fmt: skip


def entry(dice: random.Random, ways: list[Way], at: int) -> Entry:
    way = ways[int(dice.random() ** 2 * len(ways))]
    latency = int(dice.lognormvariate(13, 1))
    calls = 2 if dice.random() < 0.1 else 1
    return Entry(
        at,
        way,
        latency,
        latency // 4 if way.stream else None,
        dice.randrange(5000),
        dice.randrange(900),
        dice.randrange(10**7),
        attempts=(Attempt(at, way, latency),) * calls,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with new_home() as home:
        fill(str(home.path / "sparse" / "usage.db"), SPARSE)
        fill(str(home.workspace / "state" / "usage.db"), options.requests)
        subjects = {
            name: lambda words=words: home.seconds(FREEROUTER, "metrics", *words)
            for name, words in LINES.items()
        }
        times = medians(subjects, options.rounds)
    milliseconds(times)
    for name, seconds in times.items():
        print(f"{name}: {seconds:.2f} s (target {TARGET:g} s)")


if __name__ == "__main__":
    main()
