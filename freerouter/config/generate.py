"""LiteLLM's config.yaml, made from providers and models: the same bytes for the same input.

Secrets stand in it only as `os.environ/NAME`; `environment` says which values those names need.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from freerouter.config import deployments, variables
from freerouter.config import pools as pooling
from freerouter.config.secrets import MASTER_KEY
from freerouter.config.state import FINGERPRINT
from freerouter.config.yaml_file import dump_yaml
from freerouter.errors import FileError, NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from freerouter.config.pools import Pool
    from freerouter.config.providers_file import ProvidersFile
    from freerouter.config.secrets import Secrets
    from freerouter.providers.account import Account
    from freerouter.providers.models import Model

HEADER = """\
# Made by FreeRouter from providers.yaml; `freerouter fetch` writes it anew.
# Your own settings for LiteLLM go under `litellm:` in providers.yaml, not here.
"""

REQUEST_TIMEOUT = 60
"""Seconds that a model may take, where providers.yaml does not say."""


def generate(
    file: ProvidersFile, chosen: Iterable[tuple[Account, Model]], pools: Sequence[Pool] = ()
) -> str:
    """The whole text of config.yaml. A model that has the name of a pool gives way to it."""
    names = pooling.names_of(pools)
    alone = [(account, model) for account, model in chosen if model.id not in names]
    timeout = file.gateway.get("request_timeout", REQUEST_TIMEOUT)
    config: dict[str, Any] = {
        "model_list": _pooled(pools, timeout),
        "router_settings": pooling.router_settings(pools),
        "litellm_settings": {
            "drop_params": True,
            "telemetry": False,
            "request_timeout": timeout,
            "use_chat_completions_url_for_anthropic_messages": True,
        },
        "general_settings": {
            "master_key": f"os.environ/{MASTER_KEY}",
            "disable_model_info_refresh": True,
            # Or every start would warn of a sign-in that this gateway does not have.
            "trusted_proxy_ranges": [],
        },
    }
    merged = _merge(config, _by_reference(file.litellm, "litellm"), "litellm")
    return worded(merged, deployments.text_of(alone))


def worded(config: dict[str, Any], entries: str = "") -> str:
    """A configuration as the text of config.yaml, under the gateway's own key.

    `entries` are in words already. They stand first in the list of models, and that first of all.
    """
    config["general_settings"]["master_key"] = f"os.environ/{MASTER_KEY}"
    if entries:
        further = config.pop("model_list")
        entries = f"model_list:\n{entries}{dump_yaml(further) if further else ''}"
    body = entries + dump_yaml(config)
    digest = hashlib.sha256(body.encode()).hexdigest()[:16]
    return f"{HEADER}{FINGERPRINT}{digest}\n\n{body}"


def _pooled(pools: Iterable[Pool], timeout: float) -> list[dict[str, Any]]:
    """The entries of all pools, a member with several keys having as many."""
    return [
        pooling.in_pool(pool, number, member.weight, entry, timeout)
        for pool in pools
        for number, member in enumerate(pool.members, 1)
        for entry in deployments.entries_of((account, member.model) for account in member.accounts)
    ]


def environment(
    file: ProvidersFile, accounts: Iterable[Account], secrets: Secrets
) -> dict[str, str]:
    """Values for every `os.environ/NAME` of the generated file, the master key excepted."""
    values: dict[str, str] = {}
    for account in accounts:
        if account.key:
            values[account.key_name] = account.key
        if account.base_name:
            values[account.base_name] = account.engine_url
        values |= {param.variable: param.value for param in account.params if param.variable}
    for name in references(file.litellm):
        value = secrets.get(name)
        if value is None:
            raise NotConfiguredError(
                f"providers.yaml needs ${{{name}}} under `litellm:`, and it is not set.",
                fix=f"Set {name} in the environment or in .env.",
            )
        values[name] = value
    return values


def _by_reference(value: Any, where: str) -> Any:
    if isinstance(value, dict):
        return {k: _by_reference(v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, list):
        return [_by_reference(v, where) for v in value]
    if isinstance(value, str) and variables.names(value):
        name = variables.whole(value)
        if name is None:
            raise FileError(
                f"providers.yaml: {where} holds a variable inside other text.",
                "LiteLLM reads only whole variables, and a secret must not be written out.",
                "Put the whole value into one variable: `${NAME}`.",
            )
        return f"os.environ/{name}"
    return value


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [name for item in value.values() for name in references(item)]
    if isinstance(value, list):
        return [name for item in value for name in references(item)]
    return variables.names(value) if isinstance(value, str) else []


def _word(value: Any) -> str:
    return "a map" if isinstance(value, dict) else "a list"


def _merge(base: dict[str, Any], extra: dict[str, Any], where: str) -> dict[str, Any]:
    """Maps are merged, lists are joined, anything else is replaced."""
    merged = dict(base)
    for key, value in extra.items():
        old = merged.get(key)
        if isinstance(old, dict | list) and value is None:
            continue
        if isinstance(old, dict | list) and not isinstance(value, type(old)):
            raise FileError(
                f"providers.yaml: {where}.{key} must be {_word(old)}.",
                fix=f"Write it as {_word(old)}, as LiteLLM's own config.yaml has it.",
            )
        if isinstance(old, dict):
            merged[key] = _merge(old, value, f"{where}.{key}")
        elif isinstance(old, list):
            merged[key] = old + value
        else:
            merged[key] = value
    return merged
