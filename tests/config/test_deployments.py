"""Entries of model_list: what is put together from one text is what each would be by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from freerouter.config import deployments
from freerouter.config.deployments import SOME_MODEL, entries_of, text_of
from freerouter.config.providers_file import read_providers
from freerouter.config.secrets import Secrets
from freerouter.config.workspace import Workspace
from freerouter.config.yaml_file import dump_yaml, parse_yaml
from freerouter.providers.account import Account, resolve
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

ENTRIES = (
    "{type: openrouter, api_key: '${KEY}'}",
    "{type: groq, api_key: '${KEY}', options: {rpm: 20, timeout: 5}}",
    "{type: oai, name: 'no', api_base: 'http://127.0.0.1:9/v1'}",
    "{type: oai, name: mine, api_base: 'http://u:p@127.0.0.1:9/v1', limits: LIMITS}".replace(
        "LIMITS", "[{requests/day: 20, models: ['a*']}, {tokens/minute: 6000, scope: model}]"
    ),
)
NAMES = st.one_of(
    st.sampled_from(
        [
            *("gpt-5", "meta/llama-3.3:free", "@cf/a", "no", "on", "1e5", "0x1f", "2026-09-01"),
            *("a: b", "a #b", "'q'", "é", "a" * 2000, "-a", "~x", "a:", SOME_MODEL),
            f"x-{SOME_MODEL}",
        ]
    ),
    st.text(min_size=1, max_size=12).filter(lambda t: bool(t.strip()) and t.isprintable()),
)
PRICES = st.sampled_from([None, "0", "0.15", "1.25", "1000"])
MODELS = st.builds(
    Model,
    id=NAMES,
    provider=st.just("p"),
    context=st.sampled_from([None, 8192, 131072]),
    output=st.sampled_from([None, 4096]),
    input_price=PRICES,
    output_price=PRICES,
    free=st.sampled_from(["yes", "quota", "no", "unknown"]),
)


def account(entry: str) -> Account:
    file = read_providers(parse_yaml(f"providers:\n  - {entry}\n".encode(), "p.yaml"))
    secrets = Secrets(Workspace("/nowhere"), {"KEY": "sk-canary-000000"})
    return resolve(file.entries[0], Catalogue(), secrets)


ACCOUNTS = [
    two
    for entry in ENTRIES
    for one in [account(entry)]
    for two in (one, one._replace(number=2, key_name="KEY_2"))
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACCOUNTS), MODELS), min_size=1, max_size=12))
def test_the_text_is_that_of_the_data(chosen: Sequence[tuple[Account, Model]]) -> None:
    assert text_of(chosen) == dump_yaml(entries_of(chosen))


def test_models_that_differ_by_name_alone_are_put_into_words_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = []

    def count(data: object) -> str:
        written.append(data)
        return dump_yaml(data)

    monkeypatch.setattr(deployments, "dump_yaml", count)
    chosen = [(ACCOUNTS[0], Model(f"a/m-{number}", "openrouter")) for number in range(100)]
    assert text_of(chosen) == dump_yaml(entries_of(chosen))
    assert len(written) == 1


def test_nothing_is_no_text() -> None:
    assert text_of([]) == ""
