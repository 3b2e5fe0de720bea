"""How `metrics` words its numbers: lines with a bar each, the course of time, and CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from freerouter.result import Line, Table, counted
from freerouter.volatile import volatile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freerouter.result import Block

LEVELS = "▁▂▃▄▅▆▇█"
EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
BAR = 4
"""Places of a bar: with all columns a line has 80."""
NOTHING = "Nothing was asked in that time."
NOTHING_LIKE_THAT = "No line has that in its name."
COLUMNS = ("REQS", "CALLS", "ERR", "P50", "P95", "P99", "FIRST", "TOK/S", "COST")
SPARE = (10, 6, 8, 7, 2, 4, 5)
"""What a narrow screen does without: the bar first, then P99, TOK/S, FIRST, CALLS, P50, P95."""
TIMES = ("p50", "p95", "p99", "first_token", "tokens_per_second")
"""Fields that differ from run to run."""
TEN, HUNDRED, THOUSAND = 10, 100, 1000


def as_text(data: Mapping[str, Any]) -> tuple[Block, ...]:
    total = data["total"]
    if not (total["requests"] or total["calls"]):
        return (Line(NOTHING, "dim"), *_lost(data))
    show: list[Block] = [*_head(data), *_saved(data)]
    if data["groups"]:
        show.append(_table(data))
    else:
        show.append(Line(NOTHING_LIKE_THAT, "dim"))
    return (*show, *_lost(data))


def _head(data: Mapping[str, Any]) -> list[Line]:
    total = data["total"]
    asked = counted(total["requests"], "request")
    calls = counted(total["calls"], "call")
    failed = f"{total['failed']} failed ({_percent(total['error_rate'])})"
    tokens = f"{short(total['tokens_in'])} + {short(total['tokens_out'])} tokens"
    facts = f"{asked}, {failed}, {calls} of which {total['failed_calls']} failed"
    return [
        Line(facts, "head"),
        Line(f"{tokens}, {dollars(total['cost'])}{_unpriced(total)}"),
        Line(volatile("any", sparkline(data["course"]))),
    ]


def _unpriced(total: Mapping[str, Any]) -> str:
    if not total["unpriced"]:
        return ""
    return f", the price of {counted(total['unpriced'], 'request')} is not known"


def _saved(data: Mapping[str, Any]) -> list[Line]:
    found = data.get("compared")
    if not found:
        return []
    return [Line(saved_words(found), "ok")]


def saved_words(found: Mapping[str, Any]) -> str:
    if found["saved"] < 0:
        return f"With {found['model']}: {dollars(found['cost'])}, less than was paid"
    return f"With {found['model']}: {dollars(found['cost'])}, so {dollars(found['saved'])} saved"


def _lost(data: Mapping[str, Any]) -> list[Line]:
    if not data["lost"]:
        return []
    return [Line(f"{counted(data['lost'], 'record')} lost: usage.db could not be written.", "warn")]


def _table(data: Mapping[str, Any]) -> Table:
    most = max(row["requests"] or row["calls"] for row in data["groups"])
    return Table(
        (data["by"].upper(), *COLUMNS, ""),
        tuple(
            (
                row["name"],
                short(row["requests"]),
                short(row["calls"]),
                _percent(row["error_rate"]),
                *(volatile("any", seconds(row[name])) for name in ("p50", "p95", "p99")),
                volatile("any", seconds(row["first_token"])),
                volatile("any", _rate(row["tokens_per_second"])),
                dollars(row["cost"]),
                bar(row["requests"] or row["calls"], most),
            )
            for row in data["groups"]
        ),
        tuple(range(1, 1 + len(COLUMNS))),
        SPARE,
    )


def as_csv(data: Mapping[str, Any]) -> tuple[Line, ...]:
    """A heading, then a line for each group: numbers as they are, nothing rounded for the eye."""
    rows = [
        {name: volatile("any", v) if name in TIMES and v else v for name, v in row.items()}
        for row in data["groups"]
    ]
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return tuple(Line(line) for line in text.getvalue().splitlines())


def sparkline(numbers: Sequence[int]) -> str:
    """A letter a number: blank for none, and of eight heights for the others."""
    most = max(numbers, default=0)
    if not most:
        return ""
    return "".join(
        LEVELS[-(-number * len(LEVELS) // most) - 1] if number else " " for number in numbers
    )


def bar(number: int, most: int, width: int = BAR) -> str:
    """As long as its part of the most, in eighths of a place; never nothing for something."""
    eighths = max(round(number * width * 8 / most), 1) if number and most else 0
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8]


def short(number: int) -> str:
    """`999`, `12.3k`, `4.56M`: three places that count."""
    for unit, size in (("", 1), ("k", THOUSAND), ("M", THOUSAND**2), ("G", THOUSAND**3)):
        value = number / size
        if value < THOUSAND * 0.9995 or unit == "G":
            break
    if not unit:
        return str(number)
    return f"{value:.2f}{unit}" if value < TEN else f"{value:.{1 if value < HUNDRED else 0}f}{unit}"


def seconds(value: float | None) -> str:
    """`0.31`, `12.5`, `312`; "" where nothing is known."""
    if value is None:
        return ""
    if value < TEN:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < HUNDRED else f"{value:.0f}"


def dollars(value: float) -> str:
    if not value:
        return "$0"
    if abs(value) < 0.01:  # noqa: PLR2004 - a cent
        return f"${value:.5f}"
    return f"${value:.2f}" if abs(value) < HUNDRED else f"${value:,.0f}"


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value < HUNDRED else f"{value:.0f}"


def _percent(part: float | None) -> str:
    return "" if part is None else f"{part * 100:.1f}%"
