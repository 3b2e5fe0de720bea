"""The address of an OpenAI-compatible server, in whichever form it was copied from somewhere."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from freerouter.errors import UsageError
from freerouter.providers.http import without_password

ENDINGS = ("/chat/completions", "/completions", "/responses", "/embeddings", "/models")
"""What stands behind the base of an address in examples."""
USUAL = ("/v1", "", "/api/v1", "/openai/v1")
"""What stands before those endings; the first form that answers is the one to keep."""
VERSION = re.compile(r"/v\d+$")


def forms_of(text: str) -> list[str]:
    """Every base URL that may be meant, the likeliest first."""
    given = _with_scheme(text.strip())
    base = _without_ending(given)
    version = VERSION.search(base)
    if not version:
        forms = [base + path for path in USUAL]
    else:
        stem = base[: version.start()]
        forms = [base, *(stem + path for path in USUAL)]
    return list(dict.fromkeys([*forms, given]))


def as_given(text: str) -> str:
    """The base URL without what clearly does not belong to it."""
    return _without_ending(_with_scheme(text.strip()))


def _with_scheme(text: str) -> str:
    url = text if "://" in text else f"{'http' if _is_near(text) else 'https'}://{text}"
    try:
        parts = urlsplit(url)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port beyond 65535, an unclosed bracket
        right = False
    if not right or re.search(r"\s", url):
        raise UsageError(
            f'"{without_password(text)}" is not a web address.',
            fix="One looks like http://localhost:8000/v1.",
        )
    return re.split(r"[?#]", url)[0].rstrip("/")


def _is_near(text: str) -> bool:
    """Whether an address without a scheme is of this machine or this network: no TLS there."""
    host = re.split(r"[/?#]", text)[0].rpartition("@")[2]
    host = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".lan"))


def _without_ending(url: str) -> str:
    for ending in ENDINGS:
        if url.endswith(ending):
            return url.removesuffix(ending).rstrip("/")
    return url
