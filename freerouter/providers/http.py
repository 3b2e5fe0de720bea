"""Asking a provider over HTTP: one client, bounded in time and size, every failure worded.

The key goes only to the host that it is meant for: redirects to another host are not followed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.errors import NotConfiguredError, ProviderError
from freerouter.providers.verdicts import BACKOFF, Said, check, parsed
from freerouter.volatile import plain, volatile_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    import httpx

    from freerouter.providers.verdicts import Rules

MAX_BYTES = 32 * 1024 * 1024
MAX_REDIRECTS = 3
LONGEST_WAIT = 86400.0
"""Seconds; a `Retry-After` beyond that says nothing."""

DIRECT = ("all://localhost", "all://127.0.0.1", "all://[::1]")
"""Servers of this machine are asked directly, whatever proxy the environment names."""

COMMAND_LINE, HTTP2 = "httpx._main", "h2"
"""Optional parts of httpx: its command line (click, rich, pygments), which is never used, and
HTTP/2, which servers offer over TLS alone. Both are more than half of the time that importing it
takes, and a fifth of a whole `fetch` of servers nearby."""

BUNDLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that name the certificates to trust: httpx knows the first two."""


class Answer(NamedTuple):
    """What came: the JSON value, and what the server says of how long it holds.

    `unchanged`: it is what it was when it had the validator that was sent.
    """

    data: Any
    etag: str = ""
    modified: str = ""
    max_age: float = 0.0
    unchanged: bool = False


class _Raw(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


@contextlib.contextmanager
def import_httpx(*, tls: bool = False) -> Iterator[None]:
    """While httpx and its transport are imported for the first time: without what is not used."""
    unused = [COMMAND_LINE] if tls else [COMMAND_LINE, HTTP2]
    absent = [name for name in unused if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type] # None: fails at once
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def make_client(*, tls: bool, timeout: float) -> httpx.Client:
    """One client for all providers. Where nothing needs TLS, no CA bundle is read; where something
    does, HTTP/2 is spoken to whoever offers it.
    """
    with import_httpx(tls=tls):
        import httpx

        try:
            return httpx.Client(
                verify=_trusted() if tls else False,
                http2=tls,
                # Whoever asks bounds the whole answer; this ends what nobody waits for any more.
                timeout=httpx.Timeout(timeout + 1, connect=min(timeout, 10.0)),
                limits=httpx.Limits(max_connections=64),
                mounts=dict.fromkeys(DIRECT),
                headers={"User-Agent": "freerouter", "Accept": "application/json"},
            )
        except OSError as error:
            name = next((name for name in BUNDLES if os.environ.get(name)), BUNDLES[0])
            raise NotConfiguredError(
                "The certificates of your environment cannot be read.",
                f"{error.strerror or error}.",
                f"Set {name} to a file that is there, or unset it.",
            ) from None
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            raise NotConfiguredError(
                "The proxy of your environment cannot be used.",
                f"{str(error).rstrip('.')}.",
                "Set HTTPS_PROXY, HTTP_PROXY and ALL_PROXY to http:// addresses, or unset them.",
            ) from None


def _trusted() -> ssl.SSLContext | bool:
    """What certificates are held against: httpx's own choice, unless only other tools' is named."""
    httpx_knows, others = BUNDLES[:2], BUNDLES[2:]
    if any(os.environ.get(name) for name in httpx_knows):
        return True
    named = next((path for name in others if (path := os.environ.get(name))), "")
    if not named:
        return True
    import ssl

    if os.path.isdir(named):
        return ssl.create_default_context(capath=named)
    return ssl.create_default_context(cafile=named)


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
    form: Mapping[str, str] | None = None,
    key_help: str = "",
    rules: Rules = (),
) -> Any:
    """The JSON value behind a URL. Raises ProviderError, worded with the provider's name `who`."""
    return ask(client, who, url, headers, body=body, form=form, key_help=key_help, rules=rules).data


def ask(
    client: httpx.Client,
    who: str,
    url: str,
    headers: Mapping[str, str],
    *,
    body: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
    key_help: str = "",
    rules: Rules = (),
    decode: Callable[[str, str, bytes], Any] | None = None,
) -> Answer:
    """The same with what the server says of how long its answer holds.

    `decode` reads an answer that is no list: it is given `who`, the content type and the body.
    """
    import httpx

    shown = volatile_url(without_password(url))
    try:
        raw = _read(client, who, url, headers, {"json": body, "data": form})
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
            f"{who} gave no whole answer.",
            f"{shown}: {_reason(error)}.",
            "Try again.",
            retry=BACKOFF,
        ) from None
    except httpx.HTTPError as error:
        raise _unreachable(who, shown, error) from None
    told = raw.headers
    if raw.status == 304 and ("If-None-Match" in headers or "If-Modified-Since" in headers):  # noqa: PLR2004
        return Answer(None, max_age=_max_age(told), unchanged=True)
    if raw.status >= 300:  # noqa: PLR2004
        said = Said(raw.status, raw.body, parsed(raw.body), _wait(told.get("retry-after", "")))
        check(who, said, rules, key_help)
    data = (decode or _decode)(who, told.get("content-type", ""), raw.body)
    check(who, Said(raw.status, raw.body, data), rules, key_help)
    validators = told.get("etag", ""), told.get("last-modified", "")
    return Answer(data, *validators, max_age=_max_age(told))


def _read(
    client: httpx.Client, who: str, url: str, headers: Mapping[str, str], content: Mapping[str, Any]
) -> _Raw:
    import httpx

    target = httpx.URL(url)
    method = "POST" if any(value is not None for value in content.values()) else "GET"
    for _ in range(MAX_REDIRECTS + 1):
        with client.stream(method, target, headers=dict(headers), **content) as answer:
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
            return _Raw(answer.status_code, answer.headers, bytes(raw))
    raise ProviderError(f"{who} redirects in a circle.", f"Asked: {url}.")


def _wait(value: str) -> float | None:
    return float(value) if value.isascii() and value.isdigit() and len(value) < 8 else None  # noqa: PLR2004


def _max_age(headers: Mapping[str, str]) -> float:
    """Seconds for which the server says that its answer holds."""
    told = headers.get("cache-control", "").lower()
    if "no-store" in told or "no-cache" in told:
        return 0.0
    seconds = told.partition("max-age=")[2].partition(",")[0].strip()
    age = headers.get("age", "0")
    return max(0.0, (_wait(seconds) or 0.0) - (_wait(age) or 0.0))


def _decode(who: str, kind: str, raw: bytes) -> Any:
    start = raw[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html")) or "text/html" in kind:
        raise ProviderError(
            f"{who} answered with a web page instead of a model list.",
            "A login page, a proxy or a wrong address does that.",
            "Check `api_base` and your network.",
        )
    if not raw.strip():
        raise ProviderError(f"{who} answered with nothing.", fix="Try again later.")
    try:
        return _loads(raw, kind)
    except (ValueError, RecursionError) as error:
        raise ProviderError(
            f"{who} answered with broken JSON.",
            f"{error}. {len(raw)} bytes came; the answer may have been cut off.",
            "Try again.",
        ) from None


def _loads(raw: bytes, kind: str) -> Any:
    """JSON is Unicode; an answer that is not is read in the character set that it names."""
    try:
        return json.loads(raw)
    except UnicodeDecodeError:
        named = kind.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
        if not named or named.replace("-", "") == "utf8":
            raise
        try:
            return json.loads(raw.decode(named))
        except (LookupError, UnicodeError):
            raise ValueError(f"It is not in the character set {named[:40]} that it names") from None


def _unreachable(who: str, shown: str, error: Exception) -> ProviderError:
    reason = _reason(error)
    local = is_of_this_machine(plain(shown))
    if "WRONG_VERSION_NUMBER" in reason or "RECORD_LAYER" in reason:
        return ProviderError(
            f"{who} does not speak TLS at this address.",
            f"{shown}: {reason}.",
            "Write the address with http:// if that server has no https.",
        )
    if "certificate" in reason.lower() or "SSL" in reason:
        return ProviderError(
            f"{who} cannot be trusted: its certificate is not accepted.",
            f"{shown}: {reason}.",
            "Where your network has a certificate of its own, name it in SSL_CERT_FILE.",
        )
    lasting = local or reason == _UNKNOWN_NAME
    return ProviderError(
        f"{who} cannot be reached.",
        f"{shown}: {reason}.",
        "Start that server." if local else "Check your network and proxy settings.",
        retry=None if lasting else BACKOFF,
    )


_UNKNOWN_NAME = "its name is not known (DNS)"
_SILENT_DNS = "its name cannot be looked up now (DNS)"


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    if "Name or service not known" in text or "nodename nor servname" in text:
        return _UNKNOWN_NAME
    if "No address associated" in text:
        return _UNKNOWN_NAME
    if "Temporary failure in name resolution" in text:
        return _SILENT_DNS
    if "All connection attempts failed" in text or "Connection refused" in text:
        return "nothing listens there (connection refused)"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or text
    return text or type(error).__name__


def is_of_this_machine(url: str) -> bool:
    return any(f"//{host}" in url for host in ("localhost", "127.0.0.1", "[::1]"))
