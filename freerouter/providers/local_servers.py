"""Servers on this machine that anyone may have: where they usually listen, and which answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from freerouter.config.providers_file import Entry
from freerouter.config.yaml_file import read_yaml
from freerouter.providers.account import Account
from freerouter.providers.discovery import discover

if TYPE_CHECKING:
    from collections.abc import Iterable
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

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"


def usual_servers(path: str = "") -> list[LocalServer]:
    return [LocalServer(**row) for row in read_yaml(path or FILE).data]


def answering(
    servers: Iterable[LocalServer], catalogue: Catalogue, today: date, seconds: float
) -> list[tuple[LocalServer, int]]:
    """Those that answer with a list, and how many models each has."""
    servers = list(servers)
    accounts = [
        Account(
            # The address is known in full: there is nothing to try.
            catalogue.get(server.type)._replace(generic=False),
            Entry(type=server.type, name=server.name),
            server.url,
        )
        for server in servers
    ]
    outcomes = discover(accounts, today, seconds)
    return [
        (server, len(outcome.models))
        for server, outcome in zip(servers, outcomes, strict=True)
        if outcome.error is None
    ]
