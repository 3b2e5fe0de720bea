"""Bedrock's second list: models that are called by the name of an inference profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.errors import ProviderError
from freerouter.providers.models import find_rows
from freerouter.providers.pages import next_url
from freerouter.providers.paths import dig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.providers.asking import Asker

MAX_PAGES = 20


def profile_rows(asker: Asker, rows: list[Any]) -> list[Any]:
    """Rows for the profiles, each like that of the model behind it, under the profile's name.

    Who may not list profiles has none: the models that need one are then left out.
    """
    rules = asker.account.provider.list
    known = {dig(row, rules["id"]): row for row in rows if isinstance(row, dict)}
    found = []
    for profile in _profiles(asker, rules["profiles"]):
        name, base = dig(profile, rules["profiles"]["id"]), known.get(_model_behind(profile))
        if base is not None and isinstance(name, str):
            usable = profile.get("status", "ACTIVE") == "ACTIVE"
            how = ["ON_DEMAND"] if usable else []
            found.append({**base, rules["id"]: name, "inferenceTypesSupported": how})
    return found


def _model_behind(profile: Mapping[str, Any]) -> str:
    """The model's id: the last part of its ARN."""
    models = profile.get("models")
    arn = dig(models[0], "modelArn") if isinstance(models, list) and models else None
    return arn.rpartition("/")[2] if isinstance(arn, str) else ""


def _profiles(asker: Asker, rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    account = asker.account
    shape = account.provider._replace(list={"rows": rule["rows"]})
    url = account.url(rule["path"])
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    while url and url not in seen and len(seen) < MAX_PAGES:
        seen.add(url)
        try:
            data = asker.get(url)
        except ProviderError as error:
            if error.state in ("absent", "refused"):
                break
            raise
        rows = [r for r in find_rows(shape, account.label, data) if isinstance(r, dict)]
        found += rows
        url = next_url(rule.get("next"), url, data, len(rows))
    return found
