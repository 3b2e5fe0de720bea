"""Test servers while they run: where they are, and the records that lead there."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, final
from urllib.parse import urlsplit

from freerouter.config.providers_file import variable_part
from freerouter.config.yaml_file import dump_yaml
from freerouter.fakes.description import read_fakes
from freerouter.fakes.server import FakeServer
from freerouter.fakes.shapes import record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from freerouter.fakes.description import Fake
    from freerouter.providers.catalogue import Catalogue


@final
class FakeProviders:
    """One server for each description, from entering to leaving.

    `urls` has their addresses by name, `records` what a catalogue must say to lead there.
    """

    def __init__(self, fakes: Iterable[Fake]) -> None:
        self._fakes = tuple(fakes)
        self._running = contextlib.ExitStack()
        self.urls: dict[str, str] = {}
        self.records: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> FakeProviders:
        with contextlib.ExitStack() as stack:
            for fake in self._fakes:
                server = FakeServer(fake)
                stack.callback(server.close)
                self.urls[fake.name] = server.url
                self.records[fake.name] = record_of(fake, server.url)
            self._running = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def write(self, directory: str) -> None:
        """Put the records there, for FREEROUTER_CATALOGUE to name."""
        os.makedirs(directory, exist_ok=True)
        for name, record in self.records.items():
            path = os.path.join(directory, f"{name}.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(dump_yaml(record))


def variables_of(urls: Mapping[str, str]) -> dict[str, str]:
    """What a script may call the servers: NAME_URL and NAME_PORT, by the name of each."""
    found: dict[str, str] = {}
    for name, url in urls.items():
        part = variable_part(name)
        found |= {f"{part}_URL": url, f"{part}_PORT": str(urlsplit(url).port)}
    return found


@contextlib.contextmanager
def fake_providers(
    path: str, directory: str, catalogue: Catalogue | None = None
) -> Iterator[FakeProviders]:
    """Run the servers that a file describes, with their records in a directory."""
    with FakeProviders(read_fakes(path, catalogue)) as running:
        running.write(directory)
        yield running
