"""The line at the bottom: how things stand, out of the last look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.frontends.columns import cells, cut
from freerouter.result import counted
from freerouter.usage.quota_warnings import ALL

if TYPE_CHECKING:
    from freerouter.standing import Standing

BETWEEN = " · "


def toolbar(now: Standing, recording: str, width: int) -> list[tuple[str, str]]:
    """As much as fits: what is wrong goes before what is only good to know."""
    parts = _parts(now, recording)
    room = width - 1
    kept: set[int] = set()
    for number in sorted(range(len(parts)), key=lambda at: (parts[at][0], at)):
        needed = cells(parts[number][2]) + (len(BETWEEN) if kept else 0)
        if needed <= room:
            kept.add(number)
            room -= needed
        elif not kept:
            return [("class:toolbar", cut(f" {parts[number][2]}", width))]
    line = [("class:toolbar", " ")]
    for number in sorted(kept):
        if len(line) > 1:
            line.append(("class:toolbar", BETWEEN))
        _, style, text = parts[number]
        line.append((f"class:toolbar{style and f' class:{style}'}", text))
    return line


def _parts(now: Standing, recording: str) -> list[tuple[int, str, str]]:
    """In the order in which they stand: how much they matter (0: most), a style, and the text."""
    parts: list[tuple[int, str, str]] = []
    if recording:
        parts.append((0, "bad", f"● recording {recording}"))
    if now.profile:
        parts.append((2, "", now.profile))
    if not now.configured:
        return [*parts, (0, "", "nothing set up: init --wizard")]
    if now.address:
        parts.append((0, "good", f"gateway {now.address}"))
    else:
        ended = "gateway ended unexpectedly" if now.crashed else "gateway stopped"
        parts.append((0, "bad" if now.crashed else "", ended))
    failing = {name: now.failing[name] for name in sorted(now.failing)}
    well = [name for name in now.providers if name not in failing]
    if failing:
        named = ", ".join(f"{name}: {what}" for name, what in failing.items())
        parts.append((1, "bad", f"{len(failing)} failing ({named})"))
    if now.quota:
        first, *others = now.quota
        more = f" (and {len(others)} more)" if others else ""
        parts.append((1, "bad" if first.percent == ALL else "", f"{first.short}{more}"))
    if now.budget:
        parts.append((1, "bad", now.budget))
    if now.providers:
        parts.append((3, "", f"{counted(len(well), 'provider')} ok"))
        parts.append((4, "", f"{now.served} of {counted(now.listed, 'model')} served"))
    if now.address:
        parts.append((5, "", f"{counted(now.requests, 'request')} today"))
    return parts
