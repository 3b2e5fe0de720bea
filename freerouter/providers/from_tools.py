"""Claude Code Router's, aider's and llm's files, and `.env` files, in our terms."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from freerouter.config.references import is_key, names_a_secret
from freerouter.config.yaml_file import Loader
from freerouter.errors import FileError
from freerouter.providers.imported import Gathering
from freerouter.providers.recognise import by_address, by_name, by_variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.yaml_file import Document
    from freerouter.providers.catalogue import Catalogue
    from freerouter.providers.imported import Imported

OPENAI_BASES = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "AIDER_OPENAI_API_BASE")
AIDER = {"AIDER_OPENAI_API_KEY": "OPENAI_API_KEY", "AIDER_ANTHROPIC_API_KEY": "ANTHROPIC_API_KEY"}
OTHER_VARIABLES = {
    "OPENROUTER_KEY": "openrouter",
    "GROQ_KEY": "groq",
    "MISTRAL_KEY": "mistral",
    "GOOGLE_GENERATIVE_AI_API_KEY": "gemini",
    "HUGGINGFACEHUB_API_TOKEN": "huggingface",
    "HF_API_KEY": "huggingface",
    "PERPLEXITY_KEY": "perplexity",
}
"""Variables of other tools that hold a provider's key."""
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


def read_router(text: str, name: str, catalogue: Catalogue) -> Imported:
    """Claude Code Router's config.json, which may hold comments."""
    data = _json(text, name)
    rows = data.get("Providers", data.get("providers")) if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise FileError(f"{name} lists no Providers.", fix="Claude Code Router's config.json does.")
    found = Gathering(catalogue)
    for row in rows:
        if not isinstance(row, dict):
            continue
        called = str(row.get("name") or "")
        base = str(row.get("api_base_url") or row.get("baseUrl") or "")
        record = by_address(catalogue, base) or (None if base else by_name(catalogue, called))
        if record is None and not base:
            found.leave(f"provider {called}: it has no address")
            continue
        provider = found.provider(record, base, row.get("api_key") or row.get("apiKey"), called)
        found.models(provider, [str(model) for model in row.get("models") or ()])
        if row.get("transformer"):
            found.leave(f"provider {called}: transformer")
    for key in data:
        if key not in ("Providers", "providers", "APIKEY", "HOST", "PORT", "LOG", "LOG_LEVEL"):
            found.leave(key)
    return found.result()


def read_llm(keys: str, name: str, extra: Any, catalogue: Catalogue) -> Imported:
    """The keys.json of llm, and what its extra-openai-models.yaml says of other servers."""
    data = _json(keys, name) if keys else {}
    if not isinstance(data, dict):
        raise FileError(f"{name} is no map of keys.", fix="llm's keys.json is one.")
    found = Gathering(catalogue)
    rows = [row for row in extra or () if isinstance(row, dict) and row.get("api_base")]
    used = {str(row.get("api_key_name")) for row in rows}
    for row in rows:
        base = str(row["api_base"])
        record = by_address(catalogue, base)
        key = data.get(str(row.get("api_key_name")))
        called = str(row.get("api_key_name") or row.get("model_id") or "")
        provider = found.provider(record, base, key, called)
        model = str(row.get("model_name") or row.get("model_id") or "")
        if model:
            found.models(provider, [model])
    for called, key in data.items():
        if called.startswith("//") or not is_key(key):
            continue
        record = by_name(catalogue, called)
        if record:
            found.provider(record, "", key)
        elif called not in used:
            found.leave(f"key {called}: no provider of that name is known")
    return found.result()


def read_aider(document: Document, variables: Mapping[str, str], catalogue: Catalogue) -> Imported:
    """The .aider.conf.yml of aider, with the variables of the `.env` beside it."""
    data = document.data
    if not isinstance(data, dict | None):
        raise FileError(f"{document.name} is no map of settings.")
    settings: dict[str, Any] = data or {}
    given = dict(variables)
    for key, variable in (
        ("openai-api-key", "OPENAI_API_KEY"),
        ("anthropic-api-key", "ANTHROPIC_API_KEY"),
        ("openai-api-base", "OPENAI_API_BASE"),
    ):
        if settings.get(key):
            given[variable] = str(settings[key])
    for pair in _pairs(settings.get("api-key")):
        called, _, key = pair.partition("=")
        given[f"{called.strip().upper().replace('-', '_')}_API_KEY"] = key.strip()
    for pair in _pairs(settings.get("set-env")):
        name, _, value = pair.partition("=")
        given[name.strip()] = value.strip()
    found = _from_variables(given, catalogue)
    for key in ("model", "weak-model", "editor-model", "env-file", "alias"):
        if settings.get(key):
            found.leave(key)
    return found.result()


def read_variables(given: Mapping[str, str], catalogue: Catalogue) -> Imported:
    """The keys in an `.env` file. What else stands there is nobody's business."""
    return _from_variables(given, catalogue).result()


def _from_variables(given: Mapping[str, str], catalogue: Catalogue) -> Gathering:
    found = Gathering(catalogue)
    base = next((given[name] for name in OPENAI_BASES if given.get(name)), "")
    for name, value in given.items():
        wanted = AIDER.get(name, name)
        record = by_variable(catalogue, wanted) or (
            by_name(catalogue, OTHER_VARIABLES[wanted]) if wanted in OTHER_VARIABLES else None
        )
        if not is_key(value):
            continue
        if record and record.id == "openai" and base:
            found.provider(by_address(catalogue, base), base, value)
        elif record:
            found.provider(record, "", value)
        elif name.endswith("_API_KEY") and names_a_secret(name):
            found.leave(f"{name}: no provider that reads it is known")
    return found


def _pairs(value: Any) -> list[str]:
    rows = value if isinstance(value, list) else [value] if value else []
    return [str(row) for row in rows if "=" in str(row)]


def _json(text: str, name: str) -> Any:
    """JSON, also with comments and commas at the end."""
    try:
        return json.loads(text)
    except ValueError:
        bare = _COMMENT.sub(lambda found: found[1] or "", text)
    try:
        return yaml.load(bare, Loader=Loader)  # noqa: S506 - it is the safe one
    except (yaml.YAMLError, ValueError):
        raise FileError(
            f"{name} is no JSON that can be read.", fix="Mend it, and import it again."
        ) from None
