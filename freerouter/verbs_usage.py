"""The verbs that are about what the gateway did."""

from __future__ import annotations

from freerouter.registry import Command, Need, Parameter

BY = ("model", "provider", "alias", "client", "hour", "day")
SORTS = ("requests", "errors", "p95", "tokens", "cost", "name")

USAGE_COMMANDS = (
    Command(
        "metrics",
        "Show what was asked of the gateway: how much, how fast, how well, at what cost",
        "freerouter.commands.metrics:run",
        (
            Parameter("since", help="from then on: 30m, 24h, 7d, or 2026-01-31", default="24h"),
            Parameter("by", help="a line for each", default="model", choices=BY),
            Parameter("sort", help="the order of the lines", choices=SORTS),
            Parameter("filter", help="only lines with this in their name"),
            Parameter(
                "compare_to",
                help="what a paid model would have cost: its name, or IN/OUT in USD per million",
                complete="model",
            ),
            Parameter("csv", "flag", "as comma-separated values"),
            Parameter("prometheus", "flag", "all that was counted, as Prometheus reads it"),
            Parameter("live", "flag", "stay, and show it anew; q ends it", short="l"),
        ),
        examples=(
            "metrics",
            "metrics --since 7d --by day",
            "metrics --live --since 1h",
            "metrics --compare-to openrouter/openai/gpt-5",
        ),
        details="Errors and times are those that clients saw; calls are what providers were asked, "
        "retries and fallbacks included. Percentiles are right to 0.4 %. "
        "Where --live has no terminal it shows the numbers once.",
    ),
    Command(
        "quota",
        "Show what is left of each limit, when it comes back, and how long it lasts",
        "freerouter.commands.quota:run",
        (
            Parameter(
                "name",
                help="only of this provider, or what holds for this model",
                positional=True,
                many=True,
                complete="provider",
            ),
            Parameter("fresh", "flag", "ask those providers that tell what is left"),
        ),
        needs=(Need.CONFIG,),
        examples=("quota", "quota openrouter", "quota --fresh"),
        details="The gateway counts what it asks and notes what providers say; with the gateway "
        "stopped it is the last state. A limit is known from the catalogue, from `limits:` in "
        "providers.yaml, or from a provider's own words. The pace is that of the last hour.",
    ),
    Command(
        "usage prune",
        "Take old numbers out of usage.db",
        "freerouter.commands.usage:prune_old",
        (Parameter("older_than", help="what is older: 90d, 12h (as configured, or 90d)"),),
        writes=True,
        examples=("usage prune", "usage prune --older-than 30d"),
        details="The gateway does the same every hour with what is older than "
        "`usage: {keep_days: 90}` in providers.yaml says.",
    ),
    Command(
        "usage compare",
        "Choose a paid model: what the same would have cost there is shown from then on",
        "freerouter.commands.usage:compare",
        (
            Parameter(
                "model",
                help="a model with a price, or IN/OUT in USD per million tokens",
                positional=True,
                complete="model",
            ),
            Parameter("off", "flag", "compare with nothing any more"),
        ),
        needs=(Need.CONFIG,),
        writes=True,
        examples=("usage compare openrouter/openai/gpt-5", "usage compare 2.5/10"),
        details="It is kept under `usage:` in providers.yaml. `metrics` shows what is saved in its "
        "time, `status` in the last 24 hours. Without a word it says what is set.",
    ),
)
