"""Servers on this machine that anyone may have: where they usually listen, and which answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.providers_file import Entry
from freerouter.config.yaml_file import read_yaml
from freerouter.providers.account import Account
from freerouter.providers.discovery import discover

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from freerouter.providers.catalogue import Catalogue

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "local_servers.yaml")


class LocalServer(NamedTuple):
    """A kind of server, and where it listens unless told otherwise."""

    name: str
    label: str
    port: int
    type: str = "oai"
    path: str = "/v1"
    maker: str = ""
    """Whom its list names as the owner of a model; "" where nobody knows."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"


def usual_servers(path: str = "") -> list[LocalServer]:
    return [LocalServer(**row) for row in read_yaml(path or FILE).data]


def answering(
    servers: Iterable[LocalServer], catalogue: Catalogue, today: date, seconds: float
) -> list[tuple[LocalServer, int]]:
    """Those that answer with a list, one a port, and how many models each has."""
    servers = list(servers)
    asked = list({(s.port, s.type, s.path): s for s in servers}.values())
    # What has a way of its own may be something else, or too old for it.
    plain = [s._replace(type="oai", path="/v1") for s in asked if s.type not in ("oai", "ollama")]
    outcomes = discover([_account(s, catalogue) for s in [*asked, *plain]], today, seconds)
    found: dict[int, tuple[LocalServer, int]] = {}
    for server, outcome in zip([*asked, *plain], outcomes, strict=True):
        if outcome.error is None and server.port not in found:
            known = server if server.type != "oai" else _known(server, outcome.maker, servers)
            found[server.port] = known, len(outcome.models)
    return [found[port] for port in dict.fromkeys(s.port for s in servers) if port in found]


def _account(server: LocalServer, catalogue: Catalogue) -> Account:
    # The address is known in full: there is nothing to try.
    record = catalogue.get(server.type)._replace(generic=False)
    return Account(record, Entry(type=server.type, name=server.name), server.url)


def _known(server: LocalServer, maker: str, servers: Sequence[LocalServer]) -> LocalServer:
    """What answers there: by its own word, else what usually listens there and says nothing."""
    there = [s for s in servers if s.port == server.port]
    by_word = next((s for s in servers if maker and s.maker == maker), None)
    silent = next((s for s in there if not s.maker), None)
    kind = by_word or silent
    if kind is None:
        return server._replace(name=f"local-{server.port}", label="OpenAI-compatible server")
    return server._replace(name=kind.name, label=kind.label)
