"""Where the catalogue sends people: addresses of the provider itself, and facts with their date."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from freerouter.providers.catalogue import Catalogue

if TYPE_CHECKING:
    from freerouter.providers.catalogue import Provider

RECORDS = {record.id: record for record in Catalogue().all()}
ELSEWHERE = {
    "azure": {"azure.com"},
    "bedrock": {"amazon.com"},
    "dashscope": {"alibabacloud.com"},
    "gemini": {"google.com", "google.dev"},
    "github": {"github.com"},
    "hyperbolic": {"hyperbolic.ai"},
    "nvidia_nim": {"nvidia.com"},
    "vercel_ai_gateway": {"vercel.com"},
}
"""Hosts of a provider's own besides those of its API."""
NOTES = [
    pytest.param(record, note, id=f"{record.id}-{kind}-{number}")
    for record in RECORDS.values()
    for kind in ("limits", "terms")
    for number, note in enumerate(getattr(record, kind))
]
LINKS = [
    (record, address)
    for record in RECORDS.values()
    for address in sorted(
        {record.key_url, *(n.get("source", "") for n in (*record.limits, *record.terms))} - {""}
    )
]


def domain(address: str) -> str:
    """The part of a host that somebody owns: its last two names."""
    return ".".join((urlsplit(address).hostname or "").split(".")[-2:])


def own_domains(record: Provider) -> set[str]:
    asked = [record.base_url, record.check.get("url", ""), *record.regions.values()]
    return {domain(address) for address in asked if address} | ELSEWHERE.get(record.id, set())


@pytest.mark.parametrize(
    ("record", "address"), [pytest.param(*link, id=f"{link[0].id}-{link[1]}") for link in LINKS]
)
def test_an_address_is_the_providers_own(record: Provider, address: str) -> None:
    parts = urlsplit(address)
    assert parts.scheme == "https"
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc), "no port, no user, a name"
    assert re.fullmatch(r"[!-~]+", address)
    assert domain(address) in own_domains(record)


@pytest.mark.parametrize(("record", "note"), NOTES)
def test_a_note_says_where_it_is_from_and_of_when(record: Provider, note: dict[str, Any]) -> None:
    assert note["note"]
    assert note["source"]
    assert re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", str(note["as_of"])), record.id


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_who_wants_a_key_says_where_it_is_made(record: Provider) -> None:
    wanted = record.key == "required" and not record.retired and not record.generic
    assert record.key_url or not wanted or record.fixed
    for address in (record.base_url, *record.regions.values(), record.check.get("url", "")):
        there = address and not address.startswith("${")
        local = record.local or record.demo
        assert not there or urlsplit(address).scheme == "https" or local, address


def test_no_name_of_the_exceptions_is_of_no_use() -> None:
    for name, domains in ELSEWHERE.items():
        used = {domain(address) for record, address in LINKS if record.id == name}
        assert domains <= used, name
