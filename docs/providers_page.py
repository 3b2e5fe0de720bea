"""Makes docs/reference/providers.md out of the catalogue: `python docs/providers_page.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from freerouter.providers.catalogue import Catalogue
from freerouter.providers.record import told

if TYPE_CHECKING:
    from freerouter.providers.catalogue import Provider

PAGE = Path(__file__).parent / "reference" / "providers.md"
HEAD = """\
# Providers

<!-- Made by docs/providers_page.py out of freerouter/providers/catalogue; a test holds it. -->

What the catalogue knows. `freerouter providers add NAME` adds one, `providers show NAME` tells more
of one that is there. Limits and terms are hints with a date: providers change them. How a record is
written, and how a workspace adds its own or changes ours: [catalogue.md](catalogue.md).

Variables are looked at in the order given, which is LiteLLM's; the first that is set is used, from
the environment or from `.env`. A key that a list of models does not prove is proven as the column
says; "list" is the list itself, unless anybody gets it. `freerouter check` asks all of them
([check.md](check.md)). Where there are several keys for one provider, each has deployments of its
own ([several keys](../how-to/several-keys.md)). Packages may add providers
([plugins](../how-to/plugins.md)).

| name | what it is | key in | LiteLLM prefix | the key is proven by | free |
|---|---|---|---|---|---|
"""
MIDDLE = """
## What the address needs

| name | wanted | for example |
|---|---|---|
"""
REGIONS = """
## Regions

Accounts and keys of regions are separate. `providers add NAME --at REGION` chooses one.

| name | regions |
|---|---|
"""
NOTES = """
## Limits and terms
"""


def page() -> str:
    records = [r for r in Catalogue().all() if not r.demo]
    table = "".join(_row(r) for r in sorted(records, key=lambda r: (r.retired, r.name.lower())))
    places = "".join(
        f"| `{r.id}` | {r.where['name']}, or `{r.where['variable']}` | `--at ...` for "
        f"`{r.where['url'].replace('{}', '...')}` |\n"
        for r in records
        if r.where
    )
    regions = "".join(
        f"| `{r.id}` | {', '.join(f'{name}: {url}' for name, url in r.regions.items())} |\n"
        for r in records
        if r.regions
    )
    notes = "".join(_notes(r) for r in records if r.limits or r.terms)
    return f"{HEAD}{table}{MIDDLE}{places}{REGIONS}{regions}{NOTES}{notes}"


def _row(record: Provider) -> str:
    name = f"{record.name} (retired)" if record.retired else record.name
    keys = ", ".join(f"`{variable}`" for variable in record.env) or "none"
    keys += " (optional)" if record.key == "optional" and record.env else ""
    keys += f" or `{record.auth['instead'][0]}` with its secret" if "instead" in record.auth else ""
    prefix = record.litellm["prefix"]
    cells = (
        f"`{record.id}`",
        name,
        keys if record.key != "none" else "none",
        f"`{prefix}/`" if prefix else "yours",
        _proof(record),
        record.status_note or record.free_tier or _costs(record),
    )
    return f"| {' | '.join(cells)} |\n"


def _proof(record: Provider) -> str:
    rule = record.check
    if record.fixed or record.key == "none":
        return ""
    if rule.get("chat"):
        return "a chat of one token"
    asked = [rule[name] for name in ("path", "url") if name in rule] + list(rule.get("paths", ()))
    return ", ".join(f"`{path}`" for path in asked) or "list"


def _costs(record: Provider) -> str:
    return "costs money" if record.free.get("always") == "no" else ""


def _notes(record: Provider) -> str:
    lines = [*told(record.limits), *told(record.terms)]
    return f"\n**{record.name}** " + " · ".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
