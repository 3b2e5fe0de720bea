"""The JSON Schema of providers.yaml, made from the tables by which the file is read."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.config.budgets_file import LIMIT
from freerouter.config.limits_file import FIELDS
from freerouter.config.providers_file import (
    ALLOWED,
    ENTRY,
    GATEWAY,
    MOST_DAYS,
    MOST_WORKERS,
    NEVER,
    OPTIONS,
    PLANS,
    TOP,
    USAGE,
)
from freerouter.limits import KINDS as FIGURES
from freerouter.limits import RESETS, SCOPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.workspace import Workspace

NAME = "providers.schema.json"
HEADER = f"# yaml-language-server: $schema=state/{NAME}\n"
"""The line by which an editor finds it: a path beside the file, so that no network is needed."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array",
         dict: "object"}  # fmt: skip
SPEND = {"enum": [NEVER, ALLOWED]}
DESCRIPTIONS = {
    "version": "The version of this file's format.",
    "providers": "What the gateway is made of.",
    "select": "The models that are served, by provider; `freerouter select` writes it.",
    "budgets": "USD that may be spent, by provider or `all`: 5/month, 1/day, 2.50/week.",
    "gateway": "Where and how the gateway listens.",
    "litellm": "Your own settings, merged into LiteLLM's config.yaml.",
    "spend": "never: serve only what is known to cost nothing.",
    "type": "Which provider; `freerouter providers list --all` names them.",
    "enabled": "false switches it off.",
    "name": "What it is called here, where one type stands twice.",
    "api_key": "A variable, such as ${OPENROUTER_API_KEY}; never a key itself.",
    "keys": "Further variables, each with a key of the same provider.",
    "api_base": "The address, where it is not the usual one.",
    "model_name": "The model, for type static.",
    "provider": "LiteLLM's prefix, for type static.",
    "options": "Which models, and limits for each of them.",
    "limits": "What may be used, before what the catalogue knows; a list where models differ.",
    **{kind: f"At most so many {kind.replace('/', ' a ')}; 0 for no limit." for kind in FIGURES},
    "scope": "Whose calls count together: those of a key, of each model, of the whole account.",
    "resets": "rolling: the last so many seconds count; fixed: those since the clock's begin.",
    "zone": "Where a fixed period begins, such as America/Los_Angeles; UTC if not said.",
    "models": "free, all, or a list of ids.",
    "rpm": "Requests a minute.",
    "tpm": "Tokens a minute.",
    "timeout": "Seconds that a request may take.",
    "max_retries": "How often a request is tried again.",
    "weight": "How large its share of the requests is.",
    "order": "Lower ones are asked first.",
    "region": "Where the account is.",
    "plan": "free or paid: what the account is.",
    "models_url": "Where the list of models is, if not at the usual place.",
    "host": "The address to listen on; another than 127.0.0.1 needs a strong key.",
    "port": "The port to listen on.",
    "request_timeout": "Seconds that a request may take.",
    "workers": "How many processes serve.",
    "usage": "What is done with the numbers of requests.",
    "keep_days": "Days after which numbers are taken out; 0 keeps them for ever.",
    "metrics_port": "Where Prometheus may ask for the numbers, on 127.0.0.1.",
    "compare_to": "What the same would have cost: a model, or IN/OUT in USD per million tokens.",
    "log_bodies": "true records questions and answers as well.",
}
BUDGET = {"type": "string", "pattern": LIMIT}
MORE: Mapping[str, dict[str, Any]] = {
    "spend": SPEND,
    "plan": {"enum": list(PLANS)},
    "port": {"minimum": 1, "maximum": 65535},
    "keep_days": {"minimum": 0, "maximum": MOST_DAYS},
    "metrics_port": {"minimum": 1, "maximum": 65535},
    "workers": {"minimum": 1, "maximum": MOST_WORKERS},
    "budgets": {"additionalProperties": {"anyOf": [BUDGET, {"type": "array", "items": BUDGET}]}},
    **{kind: {"minimum": 0} for kind in FIGURES},
    "scope": {"enum": list(SCOPES)},
    "resets": {"enum": list(RESETS)},
    "keys": {"items": {"type": "string", "minLength": 1}},
    "select": {
        "additionalProperties": {
            "type": ["array", "null"],
            "items": {"type": "string", "minLength": 1},
        }
    },
}
"""What a key wants beyond its kind."""


def schema() -> dict[str, Any]:
    top = _map(TOP)
    provider = _map(ENTRY) | {"type": "object", "required": ["type"]}
    provider["properties"]["type"] |= {"type": "string", "minLength": 1}
    provider["properties"]["options"] |= _map(OPTIONS, closed=False)
    provider["properties"]["options"]["properties"]["models"] |= {
        "anyOf": [
            {"enum": ["free", "all", None]},
            {"type": "array", "items": {"type": "string"}},
        ]
    }
    limits = _map(FIELDS)
    limits["properties"]["models"] = {
        "description": "Patterns of the models that it holds for, such as *:free.",
        "type": ["array", "null"],
        "items": {"type": "string", "minLength": 1},
    }
    provider["properties"]["limits"] |= limits | {"type": ["object", "array", "null"]}
    provider["properties"]["limits"] |= {"items": limits}
    top["properties"]["providers"] |= {"items": provider}
    top["properties"]["gateway"] |= _map(GATEWAY)
    top["properties"]["usage"] |= _map(USAGE)
    return {"$schema": DIALECT, "title": "FreeRouter's providers.yaml", **top, "type": "object"}


def _map(known: Mapping[str, type | tuple[type, ...]], *, closed: bool = True) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": ["object", "null"],
        "properties": {name: _value(name, kinds) for name, kinds in known.items()},
    }
    return found | {"additionalProperties": False} if closed else found


def _value(name: str, kinds: type | tuple[type, ...]) -> dict[str, Any]:
    """A key without a value means as much as none, so every kind may also be null."""
    several = kinds if isinstance(kinds, tuple) else (kinds,)
    found: dict[str, Any] = {"type": [*(KINDS[kind] for kind in several), "null"]}
    more = dict(MORE.get(name, {}))
    if "enum" in more:
        more["enum"] = [*more["enum"], None]
    told = {"description": DESCRIPTIONS[name]} if name in DESCRIPTIONS else {}
    return {**told, **found, **more}


def text() -> str:
    return json.dumps(schema(), indent=2) + "\n"


def publish(workspace: Workspace) -> None:
    """Write it where the header of providers.yaml says, if it is not there as it should be."""
    path = os.path.join(workspace.state, NAME)
    made = text()
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == made:
                return
    except (OSError, UnicodeDecodeError):
        pass
    atomic.write_text(path, made)
