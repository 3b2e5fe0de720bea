"""quota.db: counted before the call, together by all workers, in windows that end."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freerouter.limits import Limit
from freerouter.usage.quota_store import Full, Grant, News, Pot, QuotaStore, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON = 1_800_014_400.0
MIDNIGHT = NOON + 43_200
DAY = Pot("groq", "", Limit("requests", 3, "day", resets="fixed"))
MINUTE = Pot("groq", "llama", Limit("requests", 2, "minute", scope="model"))
TOKENS = Pot("groq", "", Limit("tokens", 100, "minute"))


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "quota.db")


@pytest.fixture
def store(path: str) -> Iterator[QuotaStore]:
    made = QuotaStore(path)
    yield made
    made.close()


def full(found: object) -> Full:
    assert isinstance(found, Full)
    return found


def test_a_fixed_day_is_full_until_its_end(store: QuotaStore) -> None:
    for _ in range(3):
        assert not isinstance(store.reserve([DAY], NOON), Full)
    assert store.reserve([DAY], MIDNIGHT - 1) == Full(DAY, 3, 3, MIDNIGHT)
    assert not isinstance(store.reserve([DAY], MIDNIGHT), Full)


def test_a_period_that_rolls_opens_when_the_oldest_is_over(store: QuotaStore) -> None:
    store.reserve([MINUTE], NOON)
    store.reserve([MINUTE], NOON + 30)
    until = full(store.reserve([MINUTE], NOON + 40)).until
    assert until == NOON + 61
    assert isinstance(store.reserve([MINUTE], until - 0.01), Full)
    assert not isinstance(store.reserve([MINUTE], until), Full)
    assert full(store.reserve([MINUTE], until)).until == NOON + 91


def test_what_one_limit_holds_back_is_counted_nowhere(store: QuotaStore, path: str) -> None:
    store.reserve([MINUTE, DAY], NOON)
    store.reserve([MINUTE, DAY], NOON)
    assert full(store.reserve([DAY, MINUTE], NOON)).pot == MINUTE
    assert [(one.model, one.used) for one in standing(path, NOON)] == [("", 2), ("llama", 2)]


def test_a_call_that_was_not_made_is_given_back(store: QuotaStore, path: str) -> None:
    grant = store.reserve([DAY], NOON)
    assert isinstance(grant, Grant)
    store.settle([grant.ticket], [], [], NOON)
    assert standing(path, NOON)[0].used == 0


def granted(found: object) -> Grant:
    assert isinstance(found, Grant)
    return found


def test_several_are_counted_ahead_where_there_is_plenty(store: QuotaStore, path: str) -> None:
    plenty = Pot("lab", "", Limit("requests", 640, "day", resets="fixed"))
    grant = granted(store.reserve([plenty], NOON, 16))
    assert (grant.number, grant.until) == (10, MIDNIGHT)
    assert standing(path, NOON)[0].used == 10
    assert granted(store.reserve([plenty, DAY], NOON, 16)).number == 1
    rolling = Pot("lab", "", Limit("requests", 6400, "minute"))
    grant = granted(store.reserve([rolling, plenty], NOON + 0.5, 4))
    assert (grant.number, grant.until) == (4, NOON + 1)


def test_near_the_end_of_the_tokens_each_call_is_counted_alone(store: QuotaStore) -> None:
    tokens = Pot("groq", "", Limit("tokens", 1000, "minute"))
    store.settle([], [(tokens, 900)], [], NOON)
    assert granted(store.reserve([tokens], NOON, 16)).number == 16
    store.settle([], [(tokens, 1)], [], NOON)
    assert granted(store.reserve([tokens], NOON, 16)).number == 1


def test_tokens_are_added_after_the_answer(store: QuotaStore) -> None:
    store.reserve([TOKENS], NOON)
    store.settle([], [(TOKENS, 120)], [], NOON)
    found = full(store.reserve([TOKENS], NOON + 1))
    assert (found.used, found.most, found.until) == (120, 100, NOON + 61)


def test_what_the_provider_says_is_left_raises_the_count_and_never_lowers_it(
    store: QuotaStore, path: str
) -> None:
    store.reserve([DAY], NOON)
    store.settle([], [], [News(DAY, 10, 2, None)], NOON)
    (one,) = standing(path, NOON)
    assert (one.used, one.limit.most, one.said_left, one.said_at) == (8, 10, 2, NOON)
    store.settle([], [], [News(DAY, 10, 9, None)], NOON)
    assert standing(path, NOON)[0].used == 8


def test_nobody_gets_more_than_the_user_allows_himself(store: QuotaStore) -> None:
    own = Pot("groq", "", DAY.limit._replace(source="yours"))
    store.settle([], [], [News(own, 1000, 1000, None)], NOON)
    for _ in range(3):
        store.reserve([own], NOON)
    assert full(store.reserve([own], NOON)).most == 3


def test_nothing_left_shuts_until_the_time_that_is_said(store: QuotaStore, path: str) -> None:
    store.settle([], [], [News(DAY, None, 0, NOON + 600)], NOON)
    assert full(store.reserve([DAY], NOON + 599)).until == NOON + 600
    assert [found.until for found in store.shut(NOON)] == [NOON + 600]
    assert store.shut(NOON + 600) == []
    assert (standing(path, NOON)[0].used, standing(path, NOON)[0].ends) == (3, NOON + 600)


def test_nothing_left_without_a_time_shuts_until_the_period_ends(store: QuotaStore) -> None:
    store.settle([], [], [News(DAY, None, 0, None)], NOON)
    assert full(store.reserve([DAY], NOON)).until == MIDNIGHT


def test_a_clock_that_was_once_wrong_does_not_count_for_ever(store: QuotaStore) -> None:
    for _ in range(2):
        store.reserve([MINUTE], NOON + 10_000_000)
    assert not isinstance(store.reserve([MINUTE], NOON), Full)


def test_a_new_figure_is_the_same_count(store: QuotaStore) -> None:
    for _ in range(3):
        store.reserve([DAY], NOON)
    more = Pot("groq", "", DAY.limit._replace(most=5, source="yours"))
    assert not isinstance(store.reserve([more], NOON), Full)
    assert not isinstance(store.reserve([more], NOON), Full)
    assert full(store.reserve([more], NOON)).used == 5


def test_what_is_over_is_forgotten(store: QuotaStore, path: str) -> None:
    store.reserve([DAY, MINUTE], NOON)
    later = QuotaStore(path)
    later.tidy(NOON + 86_400)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM used").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM pots").fetchone() == (2,)
        later.tidy(NOON + 50 * 86_400)
        assert db.execute("SELECT count(*) FROM pots").fetchone() == (0,)
    later.close()


def test_several_workers_together_never_pass_a_limit(path: str) -> None:
    pot = Pot("groq", "", Limit("requests", 200, "day", resets="fixed"))
    counts = []

    def work() -> None:
        store = QuotaStore(path)
        found = [store.reserve([pot], NOON) for _ in range(100)]
        counts.append(sum(not isinstance(one, Full) for one in found))
        store.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 200
    assert standing(path, NOON)[0].used == 200


def test_a_database_of_another_version_is_begun_anew(path: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE pots (x); PRAGMA user_version = 99;")
    store = QuotaStore(path)
    assert not isinstance(store.reserve([DAY], NOON), Full)
    store.close()


@pytest.mark.parametrize("content", [None, b"", b"no database at all, but long enough " * 40])
def test_without_a_database_nothing_stands(path: str, content: bytes | None) -> None:
    if content is not None:
        with open(path, "wb") as file:
            file.write(content)
    assert standing(path, NOON) == []


def test_it_is_the_users_alone(store: QuotaStore, path: str) -> None:
    store.reserve([DAY], NOON)
    modes = [Path(path + end).stat().st_mode & 0o777 for end in ("", "-wal", "-shm")]
    assert modes == [0o600] * 3
