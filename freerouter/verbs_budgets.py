"""The verbs that are about money: how much may be spent, and in which time."""

from __future__ import annotations

from freerouter.registry import Command, Need, Parameter

PROVIDER = Parameter(
    "provider", help="only what is spent at this one (without: at all)", complete="provider"
)
NEEDS = (Need.CONFIG,)

BUDGET_COMMANDS = (
    Command(
        "budget set",
        "Say how many USD may be spent in a day, a week or a month",
        "freerouter.commands.budgets:put",
        (
            Parameter("limit", help="5/month, 1/day, 2.50/week", positional=True, required=True),
            PROVIDER,
        ),
        needs=NEEDS,
        writes=True,
        examples=("budget set 5/month", "budget set 0.50/day --provider openrouter"),
        details="It holds at once, also in a gateway that runs. From 80 % on you are told; at "
        "100 % models that cost money are not asked any more until the next day, week or month, "
        "and those that are free go on. It is kept under `budgets:` in providers.yaml.",
    ),
    Command(
        "budget list",
        "List the budgets, and what is spent of them",
        "freerouter.commands.budgets:list_all",
        needs=NEEDS,
        aliases=("budgets",),
        examples=("budget list", "budget list --json"),
    ),
    Command(
        "budget remove",
        "Take a budget away",
        "freerouter.commands.budgets:remove",
        (
            Parameter(
                "period",
                help="only the one for it (without: all of them)",
                positional=True,
                choices=("day", "week", "month"),
            ),
            PROVIDER,
        ),
        needs=NEEDS,
        writes=True,
        examples=("budget remove", "budget remove day --provider openrouter"),
    ),
)
