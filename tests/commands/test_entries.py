"""`providers add`, `remove`, `enable` and `disable`: providers.yaml changed by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from calls import providers_file, result
from fakes import FakeServer, openai_list

if TYPE_CHECKING:
    from conftest import World

NEXT = "The next `fetch` leaves it out; a running gateway then wants a `reload`."


def text_of(world: World) -> str:
    return (world.workspace / "providers.yaml").read_text()


def test_adding_writes_the_entry_and_tells_the_next_step(world: World) -> None:
    world.providers("# mine\nproviders:\n  - type: demo  # keep\n")
    ran = world.cli("providers", "add", "openrouter")
    assert ran == (
        0,
        (
            "OpenRouter added to providers.yaml.\n"
            "Its key (OPENROUTER_API_KEY) is not set yet: `keys set openrouter`. "
            "Keys are made at https://openrouter.ai/settings/keys\n"
        ),
        "",
    )
    assert (world.workspace / "providers.yaml").read_text() == (
        "# mine\nproviders:\n  - type: demo  # keep\n"
        "  - type: openrouter\n    api_key: ${OPENROUTER_API_KEY}\n    enabled: true\n"
    )
    again = world.cli("providers", "add", "openrouter", "--json")
    assert json.loads(again.out)["outcome"] == "unchanged"


def test_an_empty_file_gets_its_first_provider(world: World) -> None:
    world.providers("")
    assert world.cli("providers", "add", "demo").code == 0
    assert world.cli("fetch").code == 0


def test_a_server_of_ones_own_is_added_by_name_and_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-canary-000000")
    world.providers("providers: []\n")
    ran = world.cli(
        *("providers", "add", "oai", "--name", "lab"),
        *("--url", "http://lab/v1", "--key-env", "LAB_KEY"),
    )
    assert ran.out == "lab added to providers.yaml.\n"
    text = (world.workspace / "providers.yaml").read_text()
    assert "name: lab" in text
    assert "api_key: ${LAB_KEY}" in text
    assert "canary" not in str(world.written())


def test_a_second_static_model_does_not_replace_the_first(world: World) -> None:
    world.providers("providers: []\n")
    for model in ("a", "b"):
        world.cli("providers", "add", "static", "--model", model, "--via", "openai")
    assert world.cli("fetch").out.endswith("2 models in config.yaml.\n")


def test_a_retired_provider_is_warned_of(world: World) -> None:
    world.providers("providers: []\n")
    ran = world.cli("providers", "add", "iflow")
    assert ran.out.splitlines()[1] == (
        "iFlow is retired: very probably shut down in April 2026; still used if it answers."
    )


def test_a_record_of_the_users_own_names_its_variable(world: World) -> None:
    world.override("my-host", base_url="http://mine/v1")
    world.providers("providers: []\n")
    ran = world.cli("providers", "add", "my-host")
    assert "Its key (MY_HOST_API_KEY) is not set yet: `keys set my-host`." in ran.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["openruter"], 4, 'There is no provider "openruter".\nDid you mean "openrouter"?\n'),
        (
            ["oai"],
            2,
            (
                "OpenAI-compatible server needs --url.\n"
                "For example: providers add oai --name lab --url http://localhost:8000/v1\n"
            ),
        ),
        (
            ["static", "--model", "m"],
            2,
            (
                "A static model needs --model and --via.\n"
                "For example: providers add static --model gpt-4o-mini --via openai\n"
            ),
        ),
    ],
)
def test_what_cannot_be_added_changes_nothing(
    world: World, words: list[str], code: int, message: str
) -> None:
    world.providers("providers: []\n")
    before = world.written()
    ran = world.cli("providers", "add", *words)
    assert (ran.code, ran.err) == (code, message)
    assert world.written() == before


def test_an_address_that_is_none_is_refused(world: World) -> None:
    world.providers("providers: []\n")
    ran = world.cli("providers", "add", "oai", "--name", "lab", "--url", "lab.local")
    assert (ran.code, ran.err) == (
        2,
        '"lab.local" is not a web address.\nIt starts with http:// or https://.\n',
    )
    assert (world.workspace / "providers.yaml").read_text() == "providers: []\n"


# By name

WRITTEN = """\
# mine
providers:
  # the good one
  - type: openrouter  # first
    api_key: ${KEY}

  # at work
  - {type: oai, name: lab, api_base: http://lab/v1}  # second
  - type: demo

select:
  lab: [a]  # chosen
  demo: [demo]

# the end
"""


@pytest.fixture
def written(world: World) -> World:
    world.providers(WRITTEN)
    return world


def test_removing_takes_the_entry_and_its_selection(written: World) -> None:
    ran = written.cli("providers", "remove", "lab")
    assert ran == (
        0,
        f"lab taken out of providers.yaml.\n{NEXT}\n",
        "",
    )
    assert text_of(written) == WRITTEN.replace(
        "  - {type: oai, name: lab, api_base: http://lab/v1}  # second\n", ""
    ).replace("  lab: [a]  # chosen\n", "")
    assert len(list((written.workspace / "backups").iterdir())) == 1


def test_switching_off_and_on(written: World, server: FakeServer) -> None:
    ran = written.cli("providers", "disable", "openrouter")
    assert ran.out == (f"openrouter switched off.\n{NEXT}\n")
    assert text_of(written) == WRITTEN.replace("# first\n", "# first\n    enabled: false\n")
    again = written.cli("providers", "disable", "openrouter", "--json")
    assert json.loads(again.out) == {"provider": "openrouter", "enabled": False, "changed": False}
    assert written.cli("providers", "disable", "openrouter").out == ("openrouter is already off.\n")
    ran = written.cli("providers", "enable", "openrouter")
    assert ran.out == (
        "openrouter switched on.\n`fetch --provider openrouter` asks it for its models.\n"
    )
    assert text_of(written) == WRITTEN.replace("# first\n", "# first\n    enabled: true\n")


@pytest.mark.parametrize("word", ["remove", "enable", "disable"])
def test_a_name_that_is_not_there_changes_nothing(written: World, word: str) -> None:
    ran = written.cli("providers", word, "laab")
    assert (ran.code, ran.err) == (
        4,
        'There is no provider "laab" in providers.yaml.\nDid you mean "lab"?\n',
    )
    assert text_of(written) == WRITTEN


def test_what_was_removed_is_gone_after_fetching(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a")
    world.providers("providers:\n  - type: demo\n")
    world.cli("providers", "add", "oai", "--name", "lab", "--url", f"{server.url}/v1")
    assert world.cli("fetch").code == 0
    world.cli("providers", "remove", "lab")
    ran = world.cli("fetch")
    assert ran.out == "Demo: 1 model (demo: no real language model)\n1 model in config.yaml.\n"


def test_aliases_that_lose_a_member_are_told_with_the_next_command(world: World) -> None:
    world.providers(
        "providers:\n  - {type: demo}\n  - {type: oai, name: lab, api_base: http://lab/v1}\n"
        "aliases:\n"
        "  both:\n"
        "    members: [lab/a, demo/demo]\n"
        "    strategy: balance\n"
        "    weights: {lab/a: 3, demo/demo: 2}\n"
        "  mine: [lab/a, lab/b]\n"
        "  yours: [demo/demo]\n"
        "  fast: off\n"
    )
    ran = world.cli("providers", "remove", "lab")
    assert ran.out == (
        "lab taken out of providers.yaml.\n"
        "The next `fetch` leaves it out; a running gateway then wants a `reload`.\n"
        "The alias both still names lab/a: "
        "`alias add both demo/demo --strategy balance --weight demo/demo=2`.\n"
        "The alias mine asks nothing else, and is not served then: `alias remove mine`.\n"
    )
    world.cli("fetch")
    for line in ("alias remove mine", "alias add both demo/demo --strategy balance"):
        assert world.cli(*line.split()).code == 0
    assert "lab/" not in text_of(world)


# Taking it back


@pytest.mark.parametrize(
    ("words", "undo"),
    [
        (("add", "ollama"), (("providers", "remove", "ollama"),)),
        (
            ("add", "oai", "--name", "attic", "--url", "http://a/v1"),
            (("providers", "remove", "attic"),),
        ),
        (("add", "demo"), ()),
        (("add", "openrouter", "--key-env", "OTHER"), ()),
        (("disable", "demo"), (("providers", "enable", "demo"),)),
        (("enable", "demo"), ()),
        (("remove", "lab"), ()),
        (
            ("remove", "openrouter"),
            (("providers", "add", "openrouter", "--key-env", "KEY"),),
        ),
    ],
)
def test_how_each_is_taken_back(
    written: World, words: tuple[str, ...], undo: tuple[tuple[str, ...], ...]
) -> None:
    assert result("providers", *words).undo == undo


def test_switching_on_is_taken_back_by_switching_off(written: World) -> None:
    written.cli("providers", "disable", "demo")
    assert result("providers", "add", "demo").undo == (("providers", "disable", "demo"),)
    written.cli("providers", "disable", "demo")
    assert result("providers", "enable", "demo").undo == (("providers", "disable", "demo"),)


@pytest.mark.parametrize(
    "entry",
    [
        "{type: ollama}",
        "{type: ollama, api_base: 'http://big:11434', enabled: false}",
        "{type: oai, name: lab, api_base: '${LAB}', api_key: '${LAB_KEY}'}",
        "{type: static, model_name: m, provider: groq}",
        "{type: static, name: mine, model_name: m, provider: groq, api_base: 'http://g'}",
    ],
)
def test_an_entry_that_add_could_have_written_is_written_again(world: World, entry: str) -> None:
    world.providers(f"providers:\n  - {entry}\n")
    before = providers_file(world).entries
    commands = result("providers", "remove", before[0].name).undo
    assert providers_file(world).entries == ()
    for command in commands:
        assert world.cli(*command).code == 0
    assert [e._replace(place="") for e in providers_file(world).entries] == [
        e._replace(place="") for e in before
    ]


@pytest.mark.parametrize(
    "entry",
    [
        "{type: openrouter, api_key: sk-canary-000000}",
        "{type: openrouter}",
        "{type: ollama, options: {rpm: 3}}",
        "{type: oai, name: lab, api_base: 'http://me:canary@lab/v1'}",
        "{type: opnrouter}",
    ],
)
def test_an_entry_that_add_could_not_have_written_cannot_be_brought_back(
    world: World, entry: str
) -> None:
    world.providers(f"providers:\n  - {entry}\n")
    name = providers_file(world).entries[0].name
    assert result("providers", "remove", name).undo == ()


def test_a_second_static_model_is_taken_back_by_its_number(world: World) -> None:
    world.providers("providers:\n  - {type: static, model_name: a, provider: openai}\n")
    done = result("providers", "add", "static", "--model", "b", "--via", "openai")
    assert done.undo == (("providers", "remove", "static-2"),)


@pytest.mark.parametrize(
    ("words", "entry"),
    [
        ("moonshot --at cn", {"options": {"region": "cn"}}),
        (
            "cloudflare --at me",
            {"api_base": "https://api.cloudflare.com/client/v4/accounts/me/ai/v1"},
        ),
        ("azure --at lab", {"api_base": "https://lab.openai.azure.com"}),
        ("azure --at https://own.example", {"api_base": "https://own.example"}),
        ("bedrock --at eu-west-1", {"api_base": "https://bedrock.eu-west-1.amazonaws.com"}),
        ("groq --spend never", {"spend": "never"}),
    ],
)
def test_where_and_how_a_provider_is_used_is_kept(
    world: World, words: str, entry: dict[str, object]
) -> None:
    world.providers("providers: []\n")
    assert world.cli("providers", "add", *words.split()).code == 0
    (found,) = providers_file(world).entries
    assert {name: getattr(found, name) for name in entry} == entry
    again = world.cli("providers", "add", *words.split(), "--json")
    assert json.loads(again.out)["outcome"] == "unchanged"


def test_a_region_does_not_cost_the_other_options(world: World) -> None:
    world.providers("providers: [{type: moonshot, options: {rpm: 3}}]\n")
    world.cli("providers", "add", "moonshot", "--at", "cn")
    (found,) = providers_file(world).entries
    assert found.options == {"rpm": 3, "region": "cn"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("moonshot --at mars", 'Moonshot has no place "mars".\nOne of: intl, cn.\n'),
        ("groq --at cn", 'Groq has no place "cn".\nLeave --at out: Groq is in one place.\n'),
        ("azure --at a/b", '"a/b" is no resource name or its address.\n'),
    ],
)
def test_a_place_that_is_none_is_refused(world: World, words: str, message: str) -> None:
    world.providers("providers: []\n")
    ran = world.cli("providers", "add", *words.split())
    assert (ran.code, ran.err) == (2, message)


def test_an_access_key_of_aws_needs_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA0000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")
    world.providers("providers: []\n")
    assert world.cli("providers", "add", "bedrock").out == "AWS Bedrock added to providers.yaml.\n"
    (found,) = providers_file(world).entries
    assert found.api_key == ""
    ran = world.cli("providers", "show", "bedrock")
    assert "key        AWS_ACCESS_KEY_ID (environment)" in ran.out
