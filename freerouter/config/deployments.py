"""The entries of LiteLLM's model_list, one for every model with every key: as data, and as text.

Most models of a provider differ by nothing but their names. One of them is put into words, and the
others are that text with names of their own: of twenty thousand models that is most of the work.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from freerouter.config.yaml_file import dump_yaml
from freerouter.config.yaml_writer import is_plain
from freerouter.limits import as_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from freerouter.limits import Limit
    from freerouter.providers.account import Account
    from freerouter.providers.models import Model

KEYLESS = "not-needed"
"""OpenAI's client wants some key, also where the server wants none."""
FORWARDED = ("openai", "openrouter")
"""Prefixes for which LiteLLM sends /v1/responses on as it is, wherever the address leads."""
OPENAI = "://api.openai.com"
"""The address that surely answers /v1/responses; every other provider is asked for a chat."""
LIMITS = ("rpm", "tpm", "timeout", "max_retries", "weight", "order")

SOME_MODEL = "FREEROUTER_SOME_MODEL"
"""What stands for a model's name in a text that is made for many."""


def text_of(chosen: Iterable[tuple[Account, Model]]) -> str:
    """The lines of their entries, to the byte what `dump_yaml` makes of `entries_of`."""
    wordings: dict[str, _Wording] = {}
    lines = []
    account, wording = None, None
    for one, model in chosen:
        if one is not account or wording is None:
            account, wording = one, wordings.get(one.title)
            if wording is None:
                wording = wordings[one.title] = _Wording(one)
        lines.append(wording.of(model))
    return "".join(lines)


def entries_of(chosen: Iterable[tuple[Account, Model]]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        _entry(account, model, *common_params(account), account.limits.of(model.id))
        for account, model in chosen
    ]


class _Wording:
    """How the models of one account are written."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._prefix, self._params = common_params(account)
        self._limits = account.limits
        self._forms: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def of(self, model: Model) -> str:
        name, limits = model.id, self._limits.of(model.id)
        kind = (*model[2:7], *limits)
        form = self._forms.get(kind)
        if form is None:
            text = self._text(model._replace(id=SOME_MODEL), limits)
            form = self._forms[kind] = tuple(text.split(SOME_MODEL))
        return name.join(form) if is_plain(name) else self._text(model, limits)

    def _text(self, model: Model, limits: Sequence[Limit]) -> str:
        return dump_yaml([_entry(self._account, model, self._prefix, self._params, limits)])


def common_params(account: Account) -> tuple[str, dict[str, Any]]:
    """LiteLLM's prefix, and the parameters that every deployment of an account has."""
    provider, entry = account.provider, account.entry
    prefix = entry.provider if provider.id == "static" else provider.litellm.get("prefix", "openai")
    params: dict[str, Any] = {}
    if account.base_url:
        if prefix in FORWARDED and OPENAI not in account.base_url:
            params["use_chat_completions_api"] = True
        carrier = account.base_name
        params["api_base"] = f"os.environ/{carrier}" if carrier else account.engine_url
    params |= {
        param.name: f"os.environ/{param.variable}" if param.variable else param.value
        for param in account.params
    }
    if account.key:
        params["api_key"] = f"os.environ/{account.key_name}"
    elif provider.key != "required" and (not provider.local or prefix == "openai"):
        params["api_key"] = KEYLESS
    if provider.mock_response:
        params["mock_response"] = provider.mock_response
    params.update({name: entry.options[name] for name in LIMITS if name in entry.options})
    return prefix, params


def _entry(
    account: Account, model: Model, prefix: str, params: Mapping[str, Any], limits: Sequence[Limit]
) -> dict[str, Any]:
    """One entry of LiteLLM's model_list."""
    params = {"model": f"{prefix}/{model.id}", **params}
    info: dict[str, Any] = {
        "id": account.deployment(model.id),
        "mode": "chat",
        "freerouter_provider": account.name,
        "freerouter_free": model.free,
    }
    if account.number > 1:
        info["freerouter_key"] = account.number
    if limits:
        info["freerouter_limits"] = [as_data(limit) for limit in limits]
    if model.context:
        info["max_input_tokens"] = model.context
    if model.output:
        info["max_output_tokens"] = model.output
    for field, price in (("input", model.input_price), ("output", model.output_price)):
        if price is not None or model.costs_nothing:
            info[f"{field}_cost_per_token"] = float(Decimal(price or 0) / 1_000_000)
    return {"model_name": model.id, "litellm_params": params, "model_info": info}
