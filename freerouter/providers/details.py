"""What a server tells of a model only when it is asked for that one: Ollama's sizes and uses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from freerouter.errors import ProviderError
from freerouter.providers.kinds import NOT_CHAT
from freerouter.providers.paths import dig

if TYPE_CHECKING:
    from freerouter.providers.asking import Asker
    from freerouter.providers.models import Reader

MOST = 200
"""Models that are asked for; what is not asked for has no size."""
ENOUGH = 0.5
"""The part of the time there is that may go to details."""


def add_details(asker: Asker, reader: Reader) -> None:
    """Ask for each model. The first that is not answered ends it: the list itself is enough."""
    rule = asker.account.provider.list["details"]
    until = time.monotonic() + (asker.until - time.monotonic()) * ENOUGH
    for model in reader.models[:MOST]:
        if time.monotonic() >= until:
            return
        try:
            told = asker.post(asker.account.url(rule["path"]), {rule["send"]: model.id})
        except ProviderError:
            return
        uses = dig(told, rule["uses"])
        if isinstance(uses, list) and rule["chat"] not in uses:
            reader.leave_out(model.id, NOT_CHAT)
            continue
        reader.enable(model.id, told)
        if model.context is None:
            reader.resize(model.id, _context(told, rule["facts"], rule["context"]))


def _context(told: Any, facts: str, ending: str) -> Any:
    """The size among facts whose names begin with the architecture's: `llama.context_length`."""
    known = dig(told, facts)
    if not isinstance(known, dict):
        return None
    kind = known.get("general.architecture")
    return known.get(f"{kind}.{ending}")
