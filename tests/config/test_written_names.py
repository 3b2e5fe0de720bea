"""The names in a config.yaml, found without reading it as YAML."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from freerouter.config.aliases_file import NAME
from freerouter.config.generate import generate
from freerouter.config.pools import Member, Pool
from freerouter.config.providers_file import Entry, read_providers
from freerouter.config.written_names import Named, aliases_in, is_model_in, read_config
from freerouter.config.yaml_file import parse_yaml
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.models import Model

CATALOGUE = Catalogue()


def account(name: str, number: int = 1) -> Account:
    entry = Entry(name, name, options={})
    return Account(CATALOGUE.get(name), entry, "http://x/v1", "key", f"KEY_{number}", number=number)


def member(name: str, model: str, *others: Account) -> Member:
    return Member((account(name), *others), Model(model, name, 32000))


def written(*pools: Pool, text: str = "") -> bytes:
    file = read_providers(parse_yaml(f"providers: []\n{text}".encode(), "p.yaml"))
    alone = [(m.accounts[0], m.model) for pool in pools for m in pool.members]
    return generate(file, alone, pools).encode()


def test_an_alias_and_its_members_in_their_order_each_key_once() -> None:
    second = account("groq", 2)
    pools = (
        Pool("work", (member("groq", "a/b:free", second), member("mistral", "c"))),
        Pool("5", (member("mistral", "c"),)),
    )
    assert aliases_in(written(*pools)) == [
        Named("work", ("groq/a/b:free", "mistral/c")),
        Named("5", ("mistral/c",)),
    ]


def test_what_only_litellm_knows_is_an_alias_too_even_where_it_is_hidden() -> None:
    text = """
litellm:
  router_settings:
    model_group_alias: {quick: c, quiet: {model: "a/b:free", hidden: true}}
  litellm_settings: {drop_params: false}
"""
    found = aliases_in(written(Pool("work", (member("groq", "c"),)), text=text))
    assert found[1:] == [Named("quick", ("c",)), Named("quiet", ("a/b:free",))]


def test_names_beyond_plain_letters_are_read_as_yaml_reads_them() -> None:
    names = [
        "通义千问/模型-🚀",
        "a\u202eb",
        "e\u0301",
        "it's",
        'so "called"',
        "a: b",
        "#c",
        "x\x7fy",
    ]
    config = written(Pool("work", tuple(member("groq", name) for name in names)))
    (alias,) = aliases_in(config)
    assert alias.members == tuple(f"groq/{name}" for name in names)


def test_models_are_known_by_their_whole_names() -> None:
    config = written(Pool("work", (member("groq", "a/b:free"), member("groq", "5"))))
    assert is_model_in(config, "a/b:free")
    assert is_model_in(config, "5")
    assert not is_model_in(config, "a/b")
    assert not is_model_in(config, "b:free")


def test_files_that_are_none_of_ours_are_no_fault() -> None:
    for text in (
        b"",
        b"\x00\xff",
        b"\nrouter_settings:",
        b"\nrouter_settings: {model_group_alias: [",
        b"\nrouter_settings: [model_group_alias]\n",
        b"\nrouter_settings: {model_group_alias: 3}\n",
        b"\n    freerouter_alias: ",
    ):
        assert all(isinstance(one, Named) for one in aliases_in(text))
    assert read_config("/nowhere/config.yaml") == b""


@given(st.lists(st.from_regex(NAME, fullmatch=True), min_size=1, max_size=5, unique=True))
def test_whatever_their_names_they_are_those_that_yaml_reads(names: list[str]) -> None:
    config = written(*(Pool(name, (member("groq", "llama"),)) for name in names))
    rows = yaml.safe_load(config)["model_list"]
    read = [str(r["model_name"]) for r in rows if "freerouter_alias" in r["model_info"]]
    assert [one.name for one in aliases_in(config)] == read
    assert all(one.members == ("groq/llama",) for one in aliases_in(config))
