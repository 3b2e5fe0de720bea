"""providers.yaml: every mistake in it gets its place, its reason and its cure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freerouter.config.providers_file import ProvidersFile, load_providers, read_providers
from freerouter.config.workspace import Workspace
from freerouter.config.yaml_file import parse_yaml
from freerouter.errors import FileError, NotConfiguredError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

ORIGINAL = """\
providers:
  - {type: openrouter, enabled: true, api_key: "${OPENROUTER_API_KEY}"}
  - {type: ollama, enabled: false, api_base: "http://localhost:11434"}
  - {type: modelscope, enabled: false, api_key: "${MODELSCOPE_API_KEY}"}
  - {type: iflow, enabled: false, api_key: "${IFLOW_API_KEY}"}
  - {type: oai, name: myservice, enabled: false, api_base: "https://api.example.com/v1", api_key: "${MYSERVICE_API_KEY}"}
  - {type: static, enabled: false, model_name: gpt-3.5-turbo, provider: openai, api_base: "https://api.example.com/v1", api_key: "${YOUR_API_KEY}"}
"""  # noqa: E501 - the original's file as it is


def read(text: str) -> ProvidersFile:
    return read_providers(parse_yaml(text.encode(), "p.yaml"))


def test_the_originals_file_loads_unchanged() -> None:
    file = read(ORIGINAL)
    assert [(e.type, e.name, e.enabled) for e in file.entries] == [
        ("openrouter", "openrouter", True),
        ("ollama", "ollama", False),
        ("modelscope", "modelscope", False),
        ("iflow", "iflow", False),
        ("oai", "myservice", False),
        ("static", "static", False),
    ]
    assert [e.type for e in file.enabled] == ["openrouter"]
    assert file.entries[0].api_key == "${OPENROUTER_API_KEY}"
    assert file.entries[4].api_base == "https://api.example.com/v1"
    assert (file.entries[5].model_name, file.entries[5].provider) == ("gpt-3.5-turbo", "openai")
    assert file.entries[5].place == "p.yaml:7:5"


def test_ours_adds_gateway_litellm_and_options() -> None:
    file = read(
        "version: 1\ngateway: {host: 0.0.0.0, port: 4001, request_timeout: 30.5}\n"
        "litellm: {router_settings: {num_retries: 2}}\n"
        "providers:\n  - {type: openrouter, options: {models: all, rpm: 20, weight: null}}\n"
    )
    assert file.gateway == {"host": "0.0.0.0", "port": 4001, "request_timeout": 30.5}
    assert file.litellm == {"router_settings": {"num_retries": 2}}
    assert file.entries[0].options == {"models": "all", "rpm": 20, "weight": None}


def test_models_are_chosen_by_provider_also_of_one_that_is_off() -> None:
    file = read(
        "providers:\n  - {type: demo}\n  - {type: oai, name: lab, enabled: false}\n"
        "  - {type: ollama}\nselect:\n  lab: [b, a, b]\n  demo: []\n  ollama:\n"
    )
    assert file.select == {"lab": ("b", "a"), "demo": ()}
    assert read("providers: []\nselect:\n").select == {}


def test_a_provider_is_found_by_its_name() -> None:
    file = read("providers:\n  - {type: oai, name: lab}\n  - type: demo\n")
    assert file.get("lab").type == "oai"
    with pytest.raises(NotFoundError) as caught:
        file.get("laab")
    assert str(caught.value) == (
        'There is no provider "laab" in providers.yaml. Did you mean "lab"?'
    )
    with pytest.raises(NotFoundError, match=r"In providers\.yaml: lab, demo\."):
        file.get("zzz")
    with pytest.raises(NotFoundError, match="There is none yet"):
        read("providers: []\n").get("lab")


def test_what_is_left_empty_has_its_default() -> None:
    file = read("gateway:\nlitellm:\nproviders:\n  - {type: demo, enabled: , name: , api_key: }\n")
    entry = file.entries[0]
    assert (entry.enabled, entry.name, entry.api_key) == (True, "demo", "")
    assert (file.gateway, file.litellm) == ({}, {})


def test_models_that_are_named_one_by_one_get_names_by_number() -> None:
    static = "  - {type: static, model_name: m, provider: openai}\n"
    file = read(f"providers:\n{static}  - {{type: demo}}\n{static}{static}")
    assert [e.name for e in file.entries] == ["static", "demo", "static-2", "static-3"]


MISTAKES = [
    ("", "p.yaml is empty. Delete it, then `freerouter init --wizard` makes a new one."),
    (
        "- type: demo\n",
        "p.yaml:1:1: providers.yaml must be a map, but this is a list. Write `name: value` lines.",
    ),
    (
        "just text\n",
        "p.yaml:1:1: providers.yaml must be a map, but this is text. Write `name: value` lines.",
    ),
    (
        "provider: []\n",
        'p.yaml:1:1: unknown key "provider" in providers.yaml. Did you mean "providers"?',
    ),
    (
        "zzz: 1\n",
        ('p.yaml:1:1: unknown key "zzz" in providers.yaml. '
        "Known keys: version, providers, select, aliases, budgets, gateway, litellm, "
        "spend, usage."),
    ),
    ("1: x\n", ('p.yaml:1:1: unknown key "1" in providers.yaml. '
        "Known keys: version, providers, select, aliases, budgets, gateway, litellm, "
        "spend, usage.")),
    (
        "providers:\n  type: demo\n",
        "p.yaml:2:3: providers must be a list, but this is a map. Write providers as a list.",
    ),
    (
        "providers:\n  - demo\n",
        "p.yaml:2:5: a provider must be a map, but this is text. Write `name: value` lines.",
    ),
    (
        "providers:\n  -\n",
        "p.yaml:2:4: a provider must be a map, but this is nothing. Write `name: value` lines.",
    ),
    (
        "providers:\n  - api_key: x\n",
        "p.yaml:2:5: this provider has no type. Add `type: openrouter`, say.",
    ),
    (
        "providers:\n  - type: demo\n    apikey: x\n",
        'p.yaml:3:5: unknown key "apikey" in a provider. Did you mean "api_key"?',
    ),
    (
        "providers:\n  - type: demo\n    api_key: 123\n",
        'p.yaml:3:14: api_key must be text, but this is a whole number. Put it in quotes: "…".',
    ),
    (
        "providers:\n  - type: demo\n    enabled: maybe\n",
        ("p.yaml:3:14: enabled must be true or false, but this is text. "
        "Write enabled as true or false."),
    ),
    (
        "providers:\n  - type: demo\n    options: [free]\n",
        "p.yaml:3:14: options must be a map, but this is a list. Write options as a map.",
    ),
    (
        "providers:\n  - type: demo\n    options: {rpm: true}\n",
        ("p.yaml:3:20: rpm must be a whole number, but this is true or false. "
        "Write rpm as a whole number."),
    ),
    (
        "providers:\n  - type: demo\n    options: {model: all}\n",
        'p.yaml:3:15: unknown key "model" in options. Did you mean "models"?',
    ),
    (
        "providers:\n  - type: demo\n    options: {models: fre}\n",
        ("p.yaml:3:23: models must be free, all, or a list of ids in quotes. "
        'Did you mean "free"?'),
    ),
    (
        "providers:\n  - type: demo\n    options: {models: [1, {a: b}]}\n",
        ("p.yaml:3:23: models must be free, all, or a list of ids in quotes. "
        'For example: ["openai/gpt-5"].'),
    ),
    (
        "gateway: {port: 0}\n",
        "p.yaml:1:17: port must be 1 to 65535.",
    ),
    (
        "usage: {keep: 30}\n",
        'p.yaml:1:9: unknown key "keep" in usage. Did you mean "keep_days"?',
    ),
    (
        "usage: {keep_days: -1}\n",
        "p.yaml:1:20: keep_days must be 0 (for ever) to 36500.",
    ),
    (
        "usage: {metrics_port: 65536}\n",
        "p.yaml:1:23: metrics_port must be 1 to 65535.",
    ),
    (
        "gateway: {port: 9464}\nusage: {metrics_port: 9464}\n",
        "p.yaml:2:23: metrics_port is the gateway's own port. Choose another one.",
    ),
    (
        "usage: [30]\n",
        "p.yaml:1:8: usage must be a map, but this is a list. Write usage as a map.",
    ),
    (
        "gateway: {port: '80'}\n",
        ("p.yaml:1:17: port must be a whole number, but this is text. "
        "Write port as a whole number."),
    ),
    (
        "gateway: {request_timeout: soon}\n",
        ("p.yaml:1:28: request_timeout must be a whole number or a number, but this is text. "
        "Write request_timeout as a whole number or a number."),
    ),
    (
        "gateway: {prot: 1}\n",
        'p.yaml:1:11: unknown key "prot" in gateway. Did you mean "port"?',
    ),
    (
        "select: [a]\n",
        "p.yaml:1:9: select must be a map, but this is a list. Write select as a map.",
    ),
    (
        "select:\n  demo: [a]\n",
        ('p.yaml:2:3: select names "demo", which is no provider of this file. '
        "Take that line out."),
    ),
    (
        "providers:\n  - {type: oai, name: lab}\nselect:\n  laab: [a]\n",
        ('p.yaml:4:3: select names "laab", which is no provider of this file. '
        'Did you mean "lab"?'),
    ),
    (
        "providers:\n  - {type: oai, name: lab}\nselect: {openrouter: [a]}\n",
        ('p.yaml:3:10: select names "openrouter", which is no provider of this file. '
        "Its providers: lab."),
    ),
    (
        "providers:\n  - type: demo\nselect:\n  demo: all\n",
        ("p.yaml:4:9: the models of demo must be a list of ids in quotes. "
        'For example: ["openai/gpt-5"].'),
    ),
    (
        "providers:\n  - type: demo\nselect:\n  demo:\n    - a\n    - 7\n",
        ("p.yaml:6:7: the models of demo must be a list of ids in quotes. "
        'For example: ["openai/gpt-5"].'),
    ),
    (
        "providers:\n  - type: demo\nselect: {demo: [' ']}\n",
        ("p.yaml:3:17: the models of demo must be a list of ids in quotes. "
        'For example: ["openai/gpt-5"].'),
    ),
    (
        "providers:\n  - type: demo\n  - type: demo\n",
        ('p.yaml:3:5: a provider named "demo" is there already (p.yaml:2:5). '
        "Give one of them a `name:` of its own."),
    ),
    (
        "providers:\n  - {type: oai, name: my-lab}\n  - {type: oai, name: My_Lab}\n",
        ('p.yaml:3:5: a provider named "my-lab" is there already (p.yaml:2:5). '
        "Give one of them a `name:` of its own."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_place_and_its_cure(text: str, message: str) -> None:
    with pytest.raises(FileError) as caught:
        read(text)
    assert str(caught.value) == message
    assert caught.value.exit_code == 2


def test_without_the_file_nothing_is_configured(tmp_path: Path) -> None:
    with pytest.raises(NotConfiguredError) as caught:
        load_providers(Workspace(str(tmp_path)))
    assert str(caught.value) == (
        f"Nothing is configured yet. There is no {tmp_path}/providers.yaml. "
        "`freerouter init --wizard` sets everything up."
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_windows_editors_are_fetched_from(world: World, encoding: str) -> None:
    world.providers("").write_bytes("# é\nproviders:\n  - type: demo\n".encode(encoding))
    ran = world.cli("fetch")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("text", [text for text, _ in MISTAKES])
def test_a_broken_file_is_left_as_it_is_and_nothing_is_written(world: World, text: str) -> None:
    path = world.providers(text)
    before = world.written()
    ran = world.cli("fetch")
    assert ran.code == 2
    assert ran.out == ""
    assert str(path) in ran.err
    assert world.written() == before


@pytest.mark.parametrize(
    ("gateway", "environ", "address"),
    [
        ("", {}, ("127.0.0.1", 4000)),
        ("", {"LITELLM_PORT": "4100", "LITELLM_HOST": "127.0.0.2"}, ("127.0.0.2", 4100)),
        ("", {"LITELLM_PORT": "many"}, ("127.0.0.1", 4000)),
        ("", {"FREEROUTER_USUAL_PORT": "4200"}, ("127.0.0.1", 4200)),
        ("", {"FREEROUTER_USUAL_PORT": "many"}, ("127.0.0.1", 4000)),
        ("", {"FREEROUTER_USUAL_PORT": "4200", "LITELLM_PORT": "4100"}, ("127.0.0.1", 4100)),
        ("gateway: {host: '::1', port: 5000}\n", {"LITELLM_PORT": "4100"}, ("::1", 5000)),
    ],
)
def test_the_file_says_where_before_the_originals_variables_do(
    gateway: str, environ: dict[str, str], address: tuple[str, int]
) -> None:
    assert read(f"{gateway}providers: []\n").address(environ) == address


def test_the_originals_unknown_options_load_but_a_slip_is_refused() -> None:
    file = read("providers:\n  - {type: demo, options: {temperature: 1}}\n")
    assert file.entries[0].options == {"temperature": 1}
    with pytest.raises(FileError, match='unknown key "timeot" in options') as caught:
        read("providers:\n  - {type: demo, options: {timeot: 1}}\n")
    assert caught.value.fix == 'Did you mean "timeout"?'
