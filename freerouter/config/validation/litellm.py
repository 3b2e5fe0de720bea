"""A config.yaml of LiteLLM, anybody's: what it says of each model, and what it should not say.

LiteLLM accepts most slips in silence, and what was meant shows at the first request. What one entry
says of another (fallbacks, aliases, ids) is in `groups.py`.
"""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.secrets import MASTER_KEY, STRONG_KEY_LENGTH
from freerouter.config.validation import references
from freerouter.config.validation.findings import Hit, Mend
from freerouter.config.validation.known import SECTIONS, Known, nearest
from freerouter.config.validation.references import ENVIRON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from freerouter.config.validation.findings import Path

ADDRESS = frozenset(
    ("api_base", "base_url", "api_key", "api_version", "model", "custom_llm_provider")
)
"""Keys that say where a request goes, and as whom."""
MORE_NUMBERS = frozenset(("num_retries", "order", "weight", "timeout", "stream_timeout"))
SETTING_NUMBERS = ("num_retries", "request_timeout", "allowed_fails", "max_budget", "max_fallbacks")
MOST_KEYS = 500
"""Keys of one model that are compared with those known; nobody writes so many."""
GUESSED = ("sk-1234", "sk-12345", "sk-123456", "sk-test", "sk-master-key")
MAKER = "api.openai.com"
OTHER_DOORS = ("custom_auth", "enable_jwt_auth", "enable_oauth2_auth")
"""What does as well as a master key."""


class Config(NamedTuple):
    """A config's data. `under`: where it stands in the document (`litellm:` of providers.yaml).

    `get` gives a variable's value; None where variables are not this file's business. `texts` are
    its `strings`.
    """

    data: Mapping[Any, Any]
    known: Known
    today: str
    under: Path = ()
    get: Callable[[str], str | None] | None = None
    text: str = ""
    texts: tuple[tuple[Path, Any, str], ...] = ()

    def section(self, name: str) -> dict[Any, Any]:
        found = self.data.get(name)
        return found if isinstance(found, dict) else {}

    @property
    def deployments(self) -> list[tuple[int, dict[Any, Any], dict[Any, Any]]]:
        """Number, entry and litellm_params of those that have both."""
        rows = self.data.get("model_list")
        return [
            (number, row, row["litellm_params"])
            for number, row in enumerate(rows if isinstance(rows, list) else ())
            if isinstance(row, dict) and isinstance(row.get("litellm_params"), dict)
        ]


def check_sections(config: Config) -> Iterator[Hit]:
    """The top of the file: which sections there are, and what they are made of."""
    for name, value in config.data.items():
        here = (*config.under, name)
        if name not in config.known.keys["top"]:
            yield from _unknown(config, "top", here, "LiteLLM's config", config.data)
        elif name in SECTIONS and value is not None and not isinstance(value, dict):
            yield Hit("wrong-type", here, f"{name} must be a map.", "Write `name: value` lines.")
        elif name == "model_list" and value is not None and not isinstance(value, list):
            yield Hit(
                "wrong-type", here, "model_list must be a list.", "Begin each model with `-`."
            )
    for name in SECTIONS:
        section = config.section(name)
        for key in section:
            if key not in config.known.keys[name] and (name, key) not in ELSEWHERE:
                yield from _unknown(config, name, (*config.under, name, key), name, section)


ELSEWHERE = {("litellm_settings", "master_key"), ("router_settings", "master_key")}
"""Keys in the wrong section, of which another rule tells."""


def check_models(config: Config) -> Iterator[Hit]:
    """Each entry of model_list: its fields, keys and numbers."""
    rows = config.data.get("model_list")
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        here = (*config.under, "model_list", number)
        if not isinstance(row, dict):
            yield Hit("wrong-type", here, "a model must be a map.", "Write `model_name: …` first.")
            continue
        params = row.get("litellm_params")
        if not row.get("model_name"):
            yield Hit("missing-field", here, "this model has no model_name.", "Add `model_name:`.")
        if not isinstance(params, dict):
            what = "this model has no litellm_params."
            if params is not None:
                what = "litellm_params must be a map."
            fix = "Add `litellm_params: {model: PREFIX/MODEL}`."
            yield Hit("missing-field" if params is None else "wrong-type", here, what, fix)
            continue
        yield from _params(config, params, (*here, "litellm_params"))
        info = row.get("model_info")
        if isinstance(info, dict) and not info.keys() <= config.known.keys["model_info"]:
            yield from _info(config, info, (*here, "model_info"))


def _params(config: Config, params: dict[Any, Any], here: Path) -> Iterator[Hit]:
    known = config.known.keys["litellm_params"]
    keys = islice(params, MOST_KEYS)
    if not params.get("model") and not any(near_to(config, key, "model") for key in keys):
        yield Hit(
            "missing-field", here, "litellm_params has no model.", "Add `model: PREFIX/MODEL`."
        )
    if not params.keys() <= known:
        for key in islice(params, MOST_KEYS):
            if key not in known:
                yield from _unknown(
                    config, "litellm_params", (*here, key), "litellm_params", params, passed_on=True
                )
    for key in params.keys() & (config.known.numbers | MORE_NUMBERS):
        if not _is_number(params[key]):
            yield _no_number(key, (*here, key))


def near_to(config: Config, key: Any, name: str) -> bool:
    near = nearest(str(key), config.known.keys["litellm_params"])
    return near is not None and near.name == name


def _info(config: Config, info: dict[Any, Any], here: Path) -> Iterator[Hit]:
    for key in islice(info, MOST_KEYS):
        if key not in config.known.keys["model_info"]:
            yield from _unknown(
                config, "model_info", (*here, key), "model_info", info, passed_on=True
            )


def _unknown(
    config: Config, section: str, here: Path, where: str, parent: Any, *, passed_on: bool = False
) -> Iterator[Hit]:
    """A key that is not known: a slip where it is near to one, else nothing that is passed on."""
    key = str(here[-1])
    near = nearest(key, config.known.keys[section])
    if near and near.name not in parent:
        rule = "misspelt-key"
        if section == "litellm_params" and near.name in ADDRESS:
            rule = "misspelt-address"
        mend = Mend("rename", here, near.name) if near.sure and isinstance(here[-1], str) else None
        what = f'unknown key "{key}" in {where}.'
        yield Hit(rule, here, what, f'Did you mean "{near.name}"?', key=True, mend=mend)
    elif not passed_on:
        what = f'LiteLLM {config.known.version} knows no "{key}" in {where}.'
        yield Hit("unknown-setting", here, what, "Take it out, or look up its name.", key=True)


def _is_number(value: Any) -> bool:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return True
    if not isinstance(value, str):
        return False
    if value.startswith(ENVIRON):
        return True
    try:
        float(value)
    except ValueError:
        return False
    return True


def _no_number(key: Any, here: Path) -> Hit:
    return Hit("wrong-type", here, f"{key} must be a number.", f"Write {key}: 60, say.")


def check_numbers(config: Config) -> Iterator[Hit]:
    """Numbers of the router and of the settings, and the router's strategy."""
    router, settings = config.section("router_settings"), config.section("litellm_settings")
    for section, name, keys in (
        (router, "router_settings", config.known.router_numbers),
        (settings, "litellm_settings", frozenset(SETTING_NUMBERS)),
    ):
        for key in section:
            if key in keys and not _is_number(section[key]):
                yield _no_number(key, (*config.under, name, key))
    strategy = router.get("routing_strategy")
    if strategy is not None and strategy not in config.known.strategies:
        near = nearest(str(strategy), frozenset(config.known.strategies))
        fix = (
            f'Did you mean "{near.name}"?'
            if near
            else f"One of: {', '.join(config.known.strategies)}."
        )
        here = (*config.under, "router_settings", "routing_strategy")
        yield Hit("bad-value", here, "there is no such routing_strategy.", fix)


def check_prefixes(config: Config) -> Iterator[Hit]:
    """Whether LiteLLM can tell whom to ask, and whether the model is still there."""
    own = _own_providers(config)
    for number, _, params in config.deployments:
        model, provider = params.get("model"), str(params.get("custom_llm_provider") or "")
        here = (*config.under, "model_list", number, "litellm_params")
        if provider and provider not in config.known.providers | own:
            near = nearest(str(provider), config.known.providers)
            fix = f'Did you mean "{near.name}"?' if near else "Leave it out, and write a prefix."
            yield Hit(
                "unknown-prefix", (*here, "custom_llm_provider"), f'no provider "{provider}".', fix
            )
        if not isinstance(model, str) or model.startswith(ENVIRON):
            continue
        if not provider:
            yield from _prefix(config, model, (*here, "model"), own)
        base = str(params.get("api_base") or params.get("base_url") or MAKER)
        if MAKER not in base and (provider or model).startswith("openai"):
            continue  # somebody else's, who may call his models as he likes
        full = f"{provider}/{model}" if provider else model
        day = config.known.deprecated.get(full if "/" in full else f"openai/{full}")
        if day and day <= config.today:
            what = f"{model} was switched off on {day}, as LiteLLM {config.known.version} knows."
            yield Hit("deprecated-model", (*here, "model"), what, "Take its successor.")


def _own_providers(config: Config) -> frozenset[str]:
    rows = config.section("litellm_settings").get("custom_provider_map")
    rows = rows if isinstance(rows, list) else []
    return frozenset(str(row.get("provider")) for row in rows if isinstance(row, dict))


def _prefix(config: Config, model: str, here: Path, own: frozenset[str]) -> Iterator[Hit]:
    prefix, slash, _ = model.partition("/")
    if prefix in config.known.providers or prefix in own or model == "*":
        return
    if slash:
        near = nearest(prefix, config.known.providers)
        fix = (
            f'Did you mean "{near.name}"?'
            if near
            else f"For an OpenAI-compatible server write openai/{model} and its api_base."
        )
        yield Hit("unknown-prefix", here, f'"{prefix}" is no provider of LiteLLM\'s.', fix)
    elif model not in config.known.models and not model.startswith("ft:"):
        what = f'LiteLLM {config.known.version} does not know whose model "{model}" is.'
        yield Hit(
            "unknown-model", here, what, f"Write its provider before it: openai/{model}, say."
        )


def check_master_key(config: Config) -> Iterator[Hit]:
    """Where the gateway's key stands, and whether it can be guessed."""
    general = config.section("general_settings")
    places: list[Path] = [("litellm_settings", "master_key"), ("router_settings", "master_key")]
    places = [place for place in places if place[-1] in config.section(str(place[0]))]
    if "master_key" in config.data:
        places.append(("master_key",))
    for place in places:
        here = (*config.under, *place)
        free = "master_key" not in general
        mend = Mend("move", here, ("general_settings", "master_key"))
        safe = mend if free and not config.under else None
        fix = "Move it to general_settings." if free else "Take it out: general_settings has one."
        what = "LiteLLM ignores a master_key here."
        yield Hit("misplaced-master-key", here, what, fix, key=True, mend=safe)
    here = (*config.under, "general_settings", "master_key")
    key = general.get("master_key")
    fix = "Use 32 random bytes: `openssl rand -hex 32`."
    if isinstance(key, str) and key.startswith(ENVIRON):
        found = config.get(key.removeprefix(ENVIRON)) if config.get else None
        if found is not None and _is_weak(found):
            yield Hit("weak-key", here, f"{key} holds a key that can be guessed.", fix)
    elif key and _is_weak(str(key)):
        yield Hit("weak-key", here, "this key can be guessed.", fix)
    elif not key and not places and _is_open(config, general):
        what = f"no master_key, and {MASTER_KEY} is not set."
        fix = f"Add `general_settings: {{master_key: {ENVIRON}{MASTER_KEY}}}`."
        yield Hit("no-master-key", config.under, what, fix)


def _is_open(config: Config, general: Mapping[Any, Any]) -> bool:
    doors = any(general.get(name) for name in OTHER_DOORS)
    return config.get is not None and not config.get(MASTER_KEY) and not doors


def _is_weak(key: str) -> bool:
    return len(key) < STRONG_KEY_LENGTH or key in GUESSED


def check_includes(config: Config, directory: str) -> Iterator[Hit]:
    """Files that are read as a part of this one, from beside it."""
    names = config.data.get("include")
    for number, name in enumerate(names if isinstance(names, list) else ()):
        if not os.path.isfile(os.path.join(directory, str(name))):
            what = f"there is no {name} beside this file."
            yield Hit("missing-include", ("include", number), what, "Make it, or take it out.")


CHECKS: tuple[Callable[[Config], Iterator[Hit]], ...] = (
    check_sections,
    check_models,
    check_numbers,
    check_prefixes,
    check_master_key,
    references.check_secrets,
    references.check_variables,
    references.check_literals,
)
