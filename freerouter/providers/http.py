"""Asking a provider over HTTP: one client, bounded in time and size, every failure worded.

The key goes only to the host that it is meant for: redirects to another host are not followed.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from freerouter.errors import NotConfiguredError, ProviderError
from freerouter.volatile import plain, volatile_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx

MAX_BYTES = 32 * 1024 * 1024
MAX_REDIRECTS = 3


DIRECT = ("all://localhost", "all://127.0.0.1", "all://[::1]")
"""Servers of this machine are asked directly, whatever proxy the environment names."""

UNUSED = ("httpx._main", "h2")
"""Optional parts of httpx: its command line (click, rich, pygments) and HTTP/2. More than half of
the time that importing it takes, and a fifth of a whole `fetch`."""


@contextlib.contextmanager
def import_httpx() -> Iterator[None]:
    """While httpx and its transport are imported for the first time: without what is not used."""
    absent = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type] # None: fails at once
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def make_client(*, tls: bool, timeout: float) -> httpx.Client:
    """One client for all providers. Reading the CA bundle is skipped where nothing needs TLS."""
    with import_httpx():
        import httpx

        try:
            return httpx.Client(
                verify=tls,
                # Whoever asks bounds the whole answer; this ends what nobody waits for any more.
                timeout=httpx.Timeout(timeout + 1, connect=min(timeout, 10.0)),
                limits=httpx.Limits(max_connections=64),
                mounts=dict.fromkeys(DIRECT),
                headers={"User-Agent": "freerouter", "Accept": "application/json"},
            )
        except OSError as error:
            raise NotConfiguredError(
                "The certificates of your environment cannot be read.",
                f"{error.strerror}.",
                "Set SSL_CERT_FILE to a file that is there, or unset it.",
            ) from None
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise NotConfiguredError(
                "The proxy of your environment cannot be used.",
                f"{str(error).rstrip('.')}.",
                "Set HTTPS_PROXY, HTTP_PROXY and ALL_PROXY to http:// addresses, or unset them.",
            ) from None


def without_password(url: str) -> str:
    """An address as it may be shown: without `user:password@`, and without what follows a `?`."""
    scheme, mark, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def request_json(
    client: httpx.Client,
    who: str,
    url: str,
    headers: Mapping[str, str],
    *,
    body: Mapping[str, Any] | None = None,
    key_help: str = "",
) -> Any:
    """The JSON value behind a URL. Raises ProviderError, worded with the provider's name `who`."""
    import httpx

    shown = volatile_url(without_password(url))
    try:
        status, kind, raw = _read(client, who, url, headers, body)
    except httpx.TimeoutException:
        raise ProviderError(
            f"{who} did not answer in time.", f"Asked: {shown}.", "Try again, or raise --timeout."
        ) from None
    except httpx.InvalidURL as error:
        raise ProviderError(
            f"{who}: {shown} is not a URL.", f"{str(error).rstrip('.')}.", "Check `api_base`."
        ) from None
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.DecodingError) as error:
        raise ProviderError(
            f"{who} gave no whole answer.", f"{shown}: {_reason(error)}.", "Try again."
        ) from None
    except httpx.HTTPError as error:
        raise ProviderError(
            f"{who} cannot be reached.", f"{shown}: {_reason(error)}.", _reach_hint(plain(shown))
        ) from None
    check_status(who, status, raw, key_help)
    return _decode(who, kind, raw)


def _read(
    client: httpx.Client,
    who: str,
    url: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any] | None,
) -> tuple[int, str, bytes]:
    import httpx

    target = httpx.URL(url)
    for _ in range(MAX_REDIRECTS + 1):
        method = "POST" if body is not None else "GET"
        with client.stream(method, target, headers=dict(headers), json=body) as answer:
            if answer.next_request is not None:
                following = answer.next_request.url
                if (following.scheme, following.netloc) != (target.scheme, target.netloc):
                    raise ProviderError(
                        f"{who} redirects to another host ({following.host}).",
                        "The key was not sent there.",
                        "Set `api_base` to the right address if you trust it.",
                    )
                target = following
                continue
            raw = bytearray()
            for chunk in answer.iter_bytes():
                raw += chunk
                if len(raw) > MAX_BYTES:
                    raise ProviderError(
                        f"{who} sent more than {MAX_BYTES // 1024 // 1024} MB.",
                        "The answer was not read further.",
                    )
            headers_in = answer.headers
            if answer.status_code == 429:  # noqa: PLR2004 - HTTP's own number
                wait = headers_in.get("retry-after", "")
                pause = f"Try again in {wait} s." if wait.isdigit() else "Try again later."
                raise ProviderError(f"{who} says too many requests (429).", fix=pause)
            return answer.status_code, headers_in.get("content-type", ""), bytes(raw)
    raise ProviderError(f"{who} redirects in a circle.", f"Asked: {url}.")


def check_status(who: str, status: int, raw: bytes, key_help: str = "") -> None:
    """Raise what an HTTP status means. 401 and 403 refuse the key; others say nothing about it."""
    said = message_in(raw)
    why = f'It says: "{said}".' if said else ""
    bad_key = "api_key_invalid" in raw[:2000].decode("utf-8", "replace").lower()
    if status in (401, 403) or (status == 400 and bad_key):  # noqa: PLR2004 - HTTP's own numbers
        raise ProviderError(f"{who} refused this key ({status}).", why, key_help, state="refused")
    if status == 402:  # noqa: PLR2004
        raise ProviderError(f"{who} wants payment first (402).", why, state="no_quota")
    if status in (404, 405):
        raise ProviderError(
            f"{who} has no model list at this address ({status}).",
            why,
            "Check `api_base`.",
            state="absent",
        )
    if status >= 500:  # noqa: PLR2004
        raise ProviderError(f"{who} is failing ({status}).", why, "Try again later.")
    if status >= 300:  # noqa: PLR2004
        raise ProviderError(f"{who} answered {status}.", why)


def message_in(raw: bytes) -> str:
    """The human sentence of an error body, at most 200 characters of one line."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    found: Any = data
    for key in ("error", "message", "msg", "detail"):
        if isinstance(found, dict) and found.get(key):
            found = found[key]
    text = found if isinstance(found, str) else ""
    return " ".join(text.split())[:200].rstrip(".")


def _decode(who: str, kind: str, raw: bytes) -> Any:
    start = raw[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")) or "text/html" in kind:
        raise ProviderError(
            f"{who} answered with a web page instead of a model list.",
            "A login page, a proxy or a wrong address does that.",
            "Check `api_base` and your network.",
        )
    if not raw.strip():
        raise ProviderError(f"{who} answered with nothing.", fix="Try again later.")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ProviderError(
            f"{who} answered with broken JSON.",
            f"{error}. {len(raw)} bytes came; the answer may have been cut off.",
            "Try again.",
        ) from None


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    if "Name or service not known" in text or "nodename nor servname" in text:
        return "its name is not known (DNS)"
    if "All connection attempts failed" in text or "Connection refused" in text:
        return "nothing listens there (connection refused)"
    return text or type(error).__name__


def _reach_hint(url: str) -> str:
    local = any(f"//{host}" in url for host in ("localhost", "127.0.0.1", "[::1]"))
    return "Start that server." if local else "Check your network and proxy settings."
