"""What `doctor` says of limits that are nearly used up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.commands.doctor_facts import finding
from freerouter.usage.quota_warnings import ALL, warnings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freerouter.commands.doctor_facts import Facts, Finding


def check_quota(facts: Facts) -> Iterator[Finding]:
    """Nothing where there is enough of everything."""
    now = facts.ctx.now()
    for one in warnings(facts.ctx.workspace.quota_file, now):
        gone = one.percent == ALL
        why = "An alias goes on to its other models." if gone else ""
        fix = "`freerouter quota` says what is left, and when it comes back."
        yield finding(f"gateway.quota:{one.who}", "warn", f"{one.told(now)}.", why, fix=fix)
