"""The text that Prometheus reads, and the address where it reads it."""

from __future__ import annotations

import http.client
import re
import time
from typing import TYPE_CHECKING

from ledger_entries import BAD, GOOD, NOON, entry, keep

from freerouter.usage.prometheus import exposition
from freerouter.usage.schema import VERSION, open_to_write
from freerouter.usage.scrape import serve_metrics
from freerouter.usage.spans import seal
from freerouter.usage.store import Store

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
NASTY = 'a "quoted" \\ name\nof two lines'


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every line of the format, read as strictly as its definition has it."""
    found = {}
    kinds: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            _, what, name, rest = line.split(" ", 3)
            assert what in ("HELP", "TYPE")
            if what == "TYPE":
                assert name not in kinds
                kinds[name] = rest
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        base = re.sub("_(sum|count)$", "", match[1])
        assert match[1] in kinds or kinds[base] == "summary"
        labels = [
            (name, re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), value))
            for name, value in LABEL.findall(match[2] or "")
        ]
        key = (match[1], frozenset(labels))
        assert key not in found
        found[key] = float(match[3])
    return found


def value(text: str, name: str, **labels: str) -> float:
    """The sum of all samples of a name with these labels."""
    wanted = set(labels.items())
    return sum(
        number
        for (found, having), number in samples(text).items()
        if found == f"freerouter_{name}" and wanted <= having
    )


def test_counters_are_by_who_asked_whom_and_how_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    rescued = entry(NOON, GOOD._replace(alias=NASTY), attempts=())
    keep(path, [entry(), entry(), entry(way=BAD, tokens_in=None), rescued]).close()
    text = exposition(str(path), NOON)
    assert value(text, "requests_total") == 4
    assert value(text, "requests_total", alias="fast", status="200", client="client/1") == 2
    assert value(text, "requests_total", error="RateLimitError", provider="groq") == 1
    assert value(text, "requests_total", alias=NASTY) == 1
    assert value(text, "calls_total", deployment="groq/llama", status="429") == 1
    assert value(text, "calls_total") == 3
    assert value(text, "tokens_total", direction="in", model="llama") == 30
    assert value(text, "cost_usd_total", provider="groq") == 0.008
    assert value(text, "records_lost_total") == 0


def test_durations_are_of_the_last_minutes_and_sums_of_all_time(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    old = entry(NOON - 3600, latency=9_000_000)
    keep(path, [old, *(entry(NOON - 5, latency=n * 1000) for n in range(1, 101))]).close()
    text = exposition(str(path), NOON)
    name = "request_duration_seconds"
    assert abs(value(text, name, quantile="0.5") - 0.05) < 0.0003
    assert abs(value(text, name, quantile="0.99") - 0.099) < 0.0005
    assert value(text, f"{name}_count") == 101
    assert value(text, f"{name}_sum") == 9 + 5.05
    assert abs(value(text, "first_token_seconds", quantile="0.95") - 0.05) < 0.0003


def test_counters_are_the_same_when_slots_are_summed_up(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    db = keep(path, [entry(NOON + n * 300) for n in range(20)])
    before = exposition(str(path), NOON)
    seal(db, NOON + 86400)
    Store(db).add([], lost=3, at=NOON * 1000)
    db.close()
    after = exposition(str(path), NOON)
    assert value(after, "records_lost_total") == 3
    assert after.splitlines()[:-1] == before.splitlines()[:-1]


def test_without_a_database_there_is_nothing(tmp_path: Path) -> None:
    assert exposition(str(tmp_path / "usage.db"), NOON) == ""


def get(port: int, path: str = "/metrics", method: str = "GET") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path)
    answer = connection.getresponse()
    kind = answer.getheader("Content-Type") or ""
    text = answer.read().decode()
    connection.close()
    return answer.status, kind, text


def test_it_is_served_on_loopback(tmp_path: Path, free_port: int) -> None:
    path = tmp_path / "usage.db"
    said: list[str] = []
    keep(path, [entry()]).close()
    serve_metrics(str(path), free_port, said.append)
    while not said:
        time.sleep(0.02)
    status, kind, text = get(free_port)
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert value(text, "requests_total") == 1
    assert said == [f"numbers at http://127.0.0.1:{free_port}/metrics"]
    assert get(free_port, "/v1/models")[0] == 404
    assert get(free_port, method="POST")[0] == 501

    serve_metrics(str(path), free_port, said.append)
    while len(said) < 2:
        time.sleep(0.02)
    assert "is waited for" in said[1]
    assert get(free_port)[0] == 200

    db = open_to_write(str(path))
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    status, _, text = get(free_port)
    assert status == 503
    assert "Cannot read" in text
