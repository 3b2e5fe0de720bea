"""Every provider of the catalogue as it is served: pages, a bad key, no quota, the wrong region."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from freerouter.config.providers_file import Entry
from freerouter.fakes import FakeProviders
from freerouter.fakes.description import read_fakes
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.discovery import discover
from freerouter.providers.keys import judge
from freerouter.providers.today import today

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine

KEY = "sk-good"
RECORDS = [record for record in Catalogue().all() if not record.fixed]
ASKED = [record.id for record in RECORDS]
PAGED = [record.id for record in RECORDS if "next" in record.list]


def faked(tmp_path: Path, name: str, more: str) -> FakeProviders:
    path = tmp_path / "fakes.yaml"
    path.write_text(f"providers: {{{name}: {{models: [a, b, c, d, e], {more}}}}}")
    return FakeProviders(read_fakes(str(path)))


def account_at(running: FakeProviders, name: str, directory: Path, key: str = KEY) -> Account:
    running.write(str(directory))
    record = Catalogue("", str(directory)).get(name)
    return Account(record, Entry(name, name), record.base_url, key, "KEY")


@pytest.mark.parametrize("name", PAGED)
def test_all_pages_are_followed(name: str, tmp_path: Path) -> None:
    with faked(tmp_path, name, "page: 2") as running:
        account = account_at(running, name, tmp_path / "records")
        (outcome,) = discover([account], today(time.time()), 5)
    assert outcome.error is None, outcome.error
    assert [m.id for m in outcome.models] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("said", ["no_quota", "region"])
def test_no_quota_and_the_wrong_region_are_no_bad_key(name: str, said: str, tmp_path: Path) -> None:
    asked = "check" if Catalogue().get(name).check else "list"
    with faked(tmp_path, name, f"keys: [{KEY}], fail: {{{asked}: {said}}}") as running:
        account = account_at(running, name, tmp_path / "records")
        assert judge(account, today(time.time()), 5).state == said


@pytest.mark.parametrize("name", ASKED)
def test_a_key_goes_where_that_provider_wants_it(name: str, tmp_path: Path) -> None:
    with faked(tmp_path, name, f"keys: [{KEY}]") as running:
        account = account_at(running, name, tmp_path / "records")
        day = today(time.time())
        assert judge(account, day, 5).state == "works"
        assert judge(account._replace(key="sk-wrong"), day, 5).state == "refused"
        assert KEY not in account.url(account.provider.list.get("path", ""))
