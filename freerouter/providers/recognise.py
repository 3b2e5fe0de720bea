"""Which provider of the catalogue somebody else's settings mean, by address, prefix or name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from freerouter.providers.account import shown_base

if TYPE_CHECKING:
    from freerouter.providers.catalogue import Catalogue, Provider

OTHER_PREFIXES = {
    "ollama": "ollama",
    "cohere": "cohere",
    "google": "gemini",
    "vertex_ai_beta": "",
    "huggingface": "huggingface",
    "zhipuai": "zai",
}
"""LiteLLM's other prefixes for a provider, and other tools' names; "" for none of ours."""
OTHER_NAMES = {
    "google": "gemini",
    "claude": "anthropic",
    "together": "together_ai",
    "togetherai": "together_ai",
    "fireworks": "fireworks_ai",
    "nvidia": "nvidia_nim",
    "hf": "huggingface",
    "grok": "xai",
    "kimi": "moonshot",
    "zhipu": "zai",
    "lmstudio": "lm_studio",
    "qwen": "dashscope",
    "perplexityai": "perplexity",
}
TAILS = ("/chat/completions", "/completions", "/v1/messages", "/models")
"""What other tools write behind the base of an address."""
GENERIC = ("openai", "openai_like", "custom_openai", "text-completion-openai")
"""Prefixes that say how a server is spoken to, and not whose it is."""


def by_address(catalogue: Catalogue, url: str) -> Provider | None:
    """The provider whose address that is, whatever stands behind its host."""
    host = _host(url)
    if not host:
        return None
    for record in catalogue.all():
        if record.generic or record.demo:
            continue
        addresses = (shown_base(record), *record.regions.values())
        if host in {_host(address) for address in addresses}:
            return record
        before, _, after = str(record.where.get("url", "")).partition("{}")
        tail = (_host(f"http://x{after}") or "").removeprefix("x")
        if before.endswith("://") and tail.count(".") > 1 and host.endswith(tail):
            return record
    return None


def by_prefix(catalogue: Catalogue, prefix: str) -> Provider | None:
    """The provider that LiteLLM calls so."""
    if prefix in GENERIC[1:]:
        return None
    known = {record.id: record for record in catalogue.all() if not record.generic}
    if prefix in known:
        return known[prefix]
    for record in known.values():
        if record.litellm.get("prefix") == prefix and prefix not in GENERIC:
            return record
    return known.get(OTHER_PREFIXES.get(prefix, ""))


def by_name(catalogue: Catalogue, name: str) -> Provider | None:
    """The provider that somebody calls so: an id, or another name of it."""
    plain = name.lower().replace("-", "_").replace(" ", "_").replace(".", "_")
    bare = plain.replace("_", "")
    wanted = OTHER_NAMES.get(bare, OTHER_NAMES.get(plain, plain))
    for record in catalogue.all():
        if not (record.generic or record.demo) and record.id in (wanted, bare):
            return record
    return None


def by_variable(catalogue: Catalogue, variable: str) -> Provider | None:
    """The provider whose key is kept under that name."""
    return next((record for record in catalogue.all() if variable in record.env), None)


def base_of(url: str) -> str:
    """The base of an address that leads to one of the questions below it."""
    url = url.strip().rstrip("/")
    for tail in TAILS:
        url = url.removesuffix(tail)
    return url.rstrip("/")


def _host(url: str) -> str:
    """Host and port."""
    try:
        parts = urlsplit(url)
        port = parts.port or ""
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""
