"""What a providers.yaml means, where the file and the last lists of models suffice to tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config import variables
from freerouter.config.providers_file import NEVER
from freerouter.config.validation import groups, litellm, references
from freerouter.config.validation.findings import Hit
from freerouter.redact import KEY_SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freerouter.config.providers_file import Entry, ProvidersFile
    from freerouter.config.validation.findings import Path
    from freerouter.config.validation.known import Known

COSTS = ("no", "unknown")
"""Verdicts of models that `spend: never` keeps out."""


class Setup(NamedTuple):
    """A providers.yaml as far as it is sound. `rows`: the last lists of models; [] before any."""

    file: ProvidersFile
    get: Callable[[str], str | None]
    rows: list[dict[str, Any]]
    known: Known
    today: str
    text: str = ""

    def models(self, provider: str) -> dict[str, str]:
        """Of a provider's last list, by id, whether it is free."""
        return {row["id"]: row["free"] for row in self.rows if row["provider"] == provider}


def placed_entries(file: ProvidersFile) -> list[tuple[Path, Entry]]:
    """Each provider that has a type, with its path."""
    return [(("providers", n), entry) for n, entry in enumerate(file.entries) if entry.type]


def check_variables(setup: Setup) -> Iterator[Hit]:
    """Variables that a provider needs which is on, and those of `litellm:`."""
    for here, entry in placed_entries(setup.file):
        for path, text in _texts(here, entry) if entry.enabled else ():
            yield from _unset(setup, path, text, f"{entry.name} needs")
    for path, _, text in references.strings(setup.file.litellm, ("litellm",)):
        yield from _unset(setup, path, text, "LiteLLM needs")


def _texts(here: Path, entry: Entry) -> Iterator[tuple[Path, str]]:
    for field in ("api_key", "api_base"):
        yield (*here, field), getattr(entry, field)
    for number, text in enumerate(entry.keys):
        yield (*here, "keys", number), text


def _unset(setup: Setup, path: Path, text: str, who: str) -> Iterator[Hit]:
    try:
        variables.expand(text, setup.get)
    except variables.UnsetVariable as error:
        name = error.args[0]
        what = f"{who} ${{{name}}}, which is not set."
        yield Hit("unset-variable", path, what, f"Set {name} in the environment or in .env.")


def check_secrets(setup: Setup) -> Iterator[Hit]:
    """Keys that are written out in the file."""
    shaped = bool(re.search(KEY_SHAPES, setup.text))
    for here, entry in placed_entries(setup.file):
        for path, text in _texts(here, entry):
            names = variables.names(text)
            written = path[-1] != "api_base" and text and not names and _is_real(text)
            login = path[-1] == "api_base" and re.match(r"\w+://[^/\s:@$]+:[^/\s@$]+@", text)
            if written or login or (shaped and re.search(KEY_SHAPES, text)):
                fix = f"`freerouter keys set {entry.name}` puts it into .env."
                yield Hit("secret-in-clear", path, "a secret is written out here.", fix)


def _is_real(text: str) -> bool:
    """Local servers are given words such as `none` for a key."""
    return len(text) >= references.LONG_KEY and any(c.isdigit() for c in text)


def check_selection(setup: Setup) -> Iterator[Hit]:
    """Models that are selected, and not in the last list, or kept out by `spend: never`."""
    never = {e.name: (e.spend or setup.file.spend) == NEVER for e in setup.file.entries}
    for name, ids in setup.file.select.items():
        listed = setup.models(name)
        for number, model in enumerate(ids):
            here = ("select", name, number)
            if listed and model not in listed:
                fix = f"`freerouter select --remove {name}/{model}` takes it out."
                what = f"{model} is not in the last list of {name}."
                yield Hit("missing-model", here, what, fix)
            elif never.get(name) and listed.get(model) in COSTS:
                what = f"{model} may cost money, and `spend: never` keeps it out."
                yield Hit("paid-in-free-pool", here, what, "Take one of the two out.")
    if setup.file.spend == NEVER and setup.file.litellm.get("model_list"):
        what = "models of your own, and nobody knows what they cost: `spend: never`."
        fix = "Take `spend: never` to the providers that it is meant for, or the models out."
        yield Hit("paid-in-free-pool", ("litellm", "model_list"), what, fix)


def check_endings(setup: Setup) -> Iterator[Hit]:
    """Models that are named in the file and have been switched off by now."""
    for here, entry in placed_entries(setup.file):
        for path, model in _named(setup, here, entry) if entry.enabled else ():
            prefix = entry.provider if entry.type == "static" else entry.type
            day = setup.known.deprecated.get(f"{prefix}/{model}")
            if day and day <= setup.today:
                what = f"{model} was switched off on {day}, as LiteLLM {setup.known.version} knows."
                yield Hit("deprecated-model", path, what, "Take its successor.")


def _named(setup: Setup, here: Path, entry: Entry) -> Iterator[tuple[Path, str]]:
    if entry.model_name:
        yield (*here, "model_name"), entry.model_name
    models = entry.options.get("models")
    for number, model in enumerate(models if isinstance(models, list) else ()):
        yield (*here, "options", "models", number), str(model)
    for number, model in enumerate(setup.file.select.get(entry.name, ())):
        yield ("select", entry.name, number), model


def check_aliases(setup: Setup) -> Iterator[Hit]:
    """Aliases of the file whose members are in no list."""
    known = {f"{row['provider']}/{row['id']}" for row in setup.rows}
    for name, alias in setup.file.aliases.items() if setup.rows else ():
        for number, member in enumerate(alias.members):
            if member not in known:
                path: Path = ("aliases", name, "members", number)
                what = f'"{name}" stands for "{member}", which is in no list.'
                yield Hit("alias-to-nothing", path, what, "`freerouter list` shows what there is.")


def check_litellm(setup: Setup) -> Iterator[Hit]:
    """LiteLLM's own settings are held against what LiteLLM knows."""
    data = setup.file.litellm
    texts = tuple(references.strings(data, ("litellm",)))
    config = litellm.Config(data, setup.known, setup.today, ("litellm",), texts=texts)
    for check in (*litellm.CHECKS, groups.check_ids, groups.check_money):
        yield from check(config)


CHECKS: tuple[Callable[[Setup], Iterator[Hit]], ...] = (
    check_variables,
    check_secrets,
    check_selection,
    check_endings,
    check_aliases,
    check_litellm,
)
