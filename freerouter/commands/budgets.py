"""`budget set`, `list`, `remove`: limits on what is spent, as they are kept in providers.yaml."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from freerouter.commands.changes import some
from freerouter.commands.spent import UNKNOWN, USED_UP, rows_of
from freerouter.config.budgets_file import ALL, Budget, LimitError, as_values, read_limit, usd
from freerouter.config.edit import put_named
from freerouter.config.providers_file import load_providers
from freerouter.config.state import read_models
from freerouter.errors import NotFoundError, UsageError
from freerouter.result import Line, Result, Table, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from freerouter.context import Context

NONE = "There is no budget: `budget set 5/month` sets one."


def put(ctx: Context, args: Mapping[str, Any]) -> Result:
    file = load_providers(ctx.workspace)
    scope = _scope(ctx, args["provider"])
    try:
        budget = read_limit(scope, args["limit"].strip().lower().removeprefix("$"))
    except LimitError as error:
        raise UsageError(error.what, fix=error.fix) from None
    before = _same(file.budgets, budget.scope, budget.period)
    others = [one for one in file.budgets if one not in before]
    changed = _write(ctx, [*others, budget])
    undo = _again(before) or (_removal(budget),)
    (row,) = rows_of(ctx, [budget])
    show = [
        Line(f"{budget.whose}: {usd(budget.limit)} a {budget.period}.", "ok"),
        Line(row["text"], "warn" if row["state"] in (USED_UP, UNKNOWN) else "dim"),
        *_unpriced(ctx, scope),
    ]
    data = {"budget": row, "changed": changed}
    return Result(data, tuple(show), undo=undo if changed else ())


def list_all(ctx: Context, args: Mapping[str, Any]) -> Result:
    rows = rows_of(ctx, load_providers(ctx.workspace).budgets)
    if not rows:
        return Result({"budgets": []}, (Line(NONE, "dim"),))
    table = Table(
        ("FOR", "LIMIT", "SPENT", "", "UNTIL"),
        tuple(
            (
                _whose(row["scope"]),
                f"{usd(Decimal(row['limit']))} a {row['period']}",
                "" if row["spent"] is None else usd(row["spent"] + row["held"]),
                row["state"].replace("_", " "),
                row["until"],
            )
            for row in rows
        ),
        (2,),
    )
    return Result({"budgets": rows}, (table,))


def remove(ctx: Context, args: Mapping[str, Any]) -> Result:
    file = load_providers(ctx.workspace)
    scope = args["provider"] or ALL
    gone = _same(file.budgets, scope, args["period"])
    if not gone:
        wanted = f" a {args['period']}" if args["period"] else ""
        raise NotFoundError(
            f"There is no budget{wanted} for {_whose(scope)}.",
            fix="`budget list` shows what there is.",
        )
    _write(ctx, [one for one in file.budgets if one not in gone])
    texts = [one.text for one in gone]
    show = Line(f"{_whose(scope)}: no budget of {' and '.join(texts)} any more.", "ok")
    return Result({"provider": args["provider"], "removed": texts}, (show,), undo=_again(gone))


def _scope(ctx: Context, provider: str | None) -> str:
    return load_providers(ctx.workspace).get(provider).name if provider else ALL


def _same(budgets: Iterable[Budget], scope: str, period: str | None) -> list[Budget]:
    return [b for b in budgets if b.scope == scope and period in (None, b.period)]


def _write(ctx: Context, budgets: Iterable[Budget]) -> bool:
    return put_named(ctx.workspace, "budgets", as_values(budgets), ctx.now())


def _again(budgets: Iterable[Budget]) -> tuple[tuple[str, ...], ...]:
    return tuple(("budget", "set", one.text, *_for(one)) for one in budgets)


def _removal(budget: Budget) -> tuple[str, ...]:
    return ("budget", "remove", budget.period, *_for(budget))


def _for(budget: Budget) -> tuple[str, ...]:
    return () if budget.scope == ALL else ("--provider", budget.scope)


def _whose(scope: str) -> str:
    return "all providers" if scope == ALL else scope


def _unpriced(ctx: Context, scope: str) -> list[Line]:
    """Served models whose price nobody names: under a budget they are not asked."""
    names = [
        f"{row['provider']}/{row['id']}"
        for row in read_models(ctx.workspace)
        if row["written"] and scope in (ALL, row["provider"]) and not _is_sure(row)
    ]
    if not names:
        return []
    what = f"{counted(len(names), 'model')} of unknown price not asked under a budget"
    return [Line(f"{what}: {some(names)}.", "warn")]


def _is_sure(row: Mapping[str, Any]) -> bool:
    """Free, or of a price; the same rule as that of the gateway (usage/budgets.py)."""
    if row["free"] in ("yes", "quota"):
        return True
    prices = [row["input_price"], row["output_price"]]
    if None in prices:
        return False
    numbers = [Decimal(price) for price in prices]
    return min(numbers) >= 0 and any(numbers)
