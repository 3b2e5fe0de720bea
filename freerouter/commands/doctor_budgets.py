"""`doctor` on money: budgets that run out, are used up, or cannot be kept count of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.commands.doctor_facts import finding
from freerouter.commands.spent import OK, UNKNOWN, USED_UP, budget_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freerouter.commands.doctor_facts import Facts, Finding

MORE = "`freerouter budget set` raises it, `freerouter budget list` shows all."


def check_budgets(facts: Facts) -> Iterator[Finding]:
    """Nothing where there is no budget."""
    for row in budget_rows(facts.ctx):
        name = f"gateway.budget:{row['scope']}/{row['period']}"
        if row["state"] == OK:
            yield finding(name, "ok", f"Budget: {row['text']}")
            continue
        why = "Models that cost money are not asked meanwhile." if row["state"] == USED_UP else ""
        fix = "`freerouter reload` begins usage.db anew." if row["state"] == UNKNOWN else MORE
        yield finding(name, "warn", f"Budget: {row['text']}", why, fix=fix)
