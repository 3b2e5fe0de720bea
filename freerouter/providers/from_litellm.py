"""A plain LiteLLM `config.yaml` in our terms: providers, the models it serves, its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freerouter.config.providers_file import variable_part
from freerouter.config.references import ENGINE, is_key, names_a_secret
from freerouter.config.secrets import MASTER_KEY, STRONG_KEY_LENGTH
from freerouter.errors import FileError
from freerouter.providers.imported import Gathering
from freerouter.providers.recognise import GENERIC, by_address, by_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.yaml_file import Document
    from freerouter.providers.catalogue import Catalogue
    from freerouter.providers.imported import Imported

LIMITS = ("rpm", "tpm", "timeout", "max_retries", "weight", "order")
OURS = ("model", "api_base", "api_key", "custom_llm_provider", "base_url")
SETTINGS = ("litellm_settings", "router_settings", "general_settings")
FALLBACKS = (
    "fallbacks",
    "default_fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
)
"""Settings in which names of models stand."""
DATABASE = ("database_url", "store_model_in_db", "database_connection_pool_limit")


def read_litellm(document: Document, catalogue: Catalogue) -> Imported:
    """Raises FileError where that is no configuration of LiteLLM."""
    data = document.data
    rows = data.get("model_list") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise FileError(
            f"{document.name} has no model_list.", fix="A config.yaml of LiteLLM has one."
        )
    found = Gathering(catalogue)
    names: dict[str, str] = {}
    for number, row in enumerate(rows):
        params = row.get("litellm_params") if isinstance(row, dict) else None
        if not isinstance(params, dict) or not isinstance(params.get("model"), str):
            found.leave(f"{document.place(('model_list', number))}: a model without litellm_params")
            continue
        _deployment(found, str(row.get("model_name") or ""), params, names)
    for name in SETTINGS:
        settings = data.get(name)
        if isinstance(settings, dict):
            _settings(found, name, settings, names)
    other = {called: name for called, name in names.items() if called != name}
    if other:
        router = found.litellm.setdefault("router_settings", {})
        router["model_group_alias"] = {**other, **(router.get("model_group_alias") or {})}
    for name, value in (data.get("environment_variables") or {}).items():
        if is_key(value) and names_a_secret(str(name)):
            found.keys[str(name)] = value
        else:
            found.leave(f"environment_variables.{name}")
    for key in data:
        if key not in ("model_list", "environment_variables", *SETTINGS):
            found.leave(str(key))
    return found.result()


def _deployment(
    found: Gathering, called: str, params: Mapping[str, Any], names: dict[str, str]
) -> None:
    """One deployment: its provider, and the model as the provider calls it."""
    base = str(params.get("api_base") or params.get("base_url") or "")
    key = params.get("api_key")
    prefix, model = _split(found.catalogue, params)
    if not model.strip():
        found.leave(f"{called}: a model without a name")
        return
    if base.startswith(ENGINE):
        base = f"${{{base.removeprefix(ENGINE)}}}"
    record = by_address(found.catalogue, base) or by_prefix(found.catalogue, prefix)
    if base and record and not record.local and by_address(found.catalogue, base) is None:
        # Somebody else's server, spoken to as that provider is: only its address says whose.
        record = None if prefix in GENERIC else record
    limits = {k: params[k] for k in LIMITS if isinstance(params.get(k), int | float)}
    if record is None and (not base or prefix not in GENERIC):
        found.static(model, prefix, base, key, limits)
    else:
        name = found.provider(record, base, key, limits=limits)
        if model == "*":
            found.leave(f"{called}: every model there; what {name} serves is its own rule's word")
        else:
            found.models(name, [model])
    plain = called and model != "*" and "*" not in called
    if plain and names.setdefault(called, model) != model:
        found.leave(f"{called}: only {names[called]} answers to it, not {model} as well")
    for option in params:
        if option not in (*OURS, *limits):
            found.leave(f"{called or model}: {option}")


def _split(catalogue: Catalogue, params: Mapping[str, Any]) -> tuple[str, str]:
    """LiteLLM's prefix and the model's id behind it."""
    model = str(params["model"])
    given = str(params.get("custom_llm_provider") or "")
    if given:
        return given, model.removeprefix(f"{given}/")
    prefix, slash, rest = model.partition("/")
    if slash and (prefix in GENERIC or by_prefix(catalogue, prefix) or not params.get("api_base")):
        return prefix, rest
    return "openai", model


def _settings(
    found: Gathering, section: str, settings: Mapping[str, Any], names: Mapping[str, str]
) -> None:
    kept = {}
    for key, value in settings.items():
        if key == "master_key":
            _master_key(found, value)
        elif key in DATABASE:
            found.leave(f"{section}.{key}: the gateway works without a database")
        elif key in FALLBACKS:
            kept[key] = _renamed(value, names)
        else:
            kept[key] = _referred(found, value, (section, str(key)))
    if kept:
        found.litellm[section] = kept


def _master_key(found: Gathering, value: Any) -> None:
    if is_key(value) and len(value) >= STRONG_KEY_LENGTH:
        found.keys[MASTER_KEY] = value
    elif is_key(value):
        found.leave("master_key: it is too weak, and a strong one is made")


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(k, k): _renamed(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _referred(found: Gathering, value: Any, path: tuple[str, ...]) -> Any:
    """A value with references of ours, and without a secret."""
    if isinstance(value, dict):
        return {k: _referred(found, v, (*path, str(k))) for k, v in value.items()}
    if isinstance(value, list):
        return [_referred(found, v, path) for v in value]
    if isinstance(value, str) and value.startswith(ENGINE):
        return f"${{{value.removeprefix(ENGINE)}}}"
    if is_key(value) and names_a_secret(path[-1]):
        return found.reference(value, "LITELLM_" + "_".join(map(variable_part, path[1:])))
    return value
