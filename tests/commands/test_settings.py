"""`config show`, `get`, `set`, `unset`: by name, with the source of every value; nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from calls import result, workspace

from freerouter.config.backups import backups_of
from freerouter.config.providers_file import (
    GATEWAY,
    TOP,
    USAGE,
    load_providers,
)
from freerouter.config.settings import DEFAULTS, known_names
from freerouter.config.state import asked_for, digest_of
from freerouter.shell.history import holds_secret

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

CANARY = "canary7plain7word"
FILE = """\
# Mine.
version: 1

gateway:
  port: 4100   # beside the other one
  # nobody else
  host: 127.0.0.1

litellm:
  router_settings: {num_retries: 2}

providers:
  - type: demo
    enabled: true  # always
  - {type: oai, name: my.lab, api_base: "http://127.0.0.1:9/v1", api_key: "${LAB_KEY}"}
"""


@pytest.fixture
def path(world: World) -> Path:
    return world.providers(FILE)


def rows(world: World, *more: str) -> dict[str, dict[str, object]]:
    ran = world.cli("config", "show", "--json", *more)
    assert ran.code == 0, ran.err
    return {row["name"]: row for row in json.loads(ran.out)["settings"]}


def test_every_setting_is_shown_with_where_it_comes_from(
    world: World, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREEROUTER_PLUGINS", "off")
    found = rows(world)
    place = "~/.config/freerouter/providers.yaml"
    assert found["gateway.port"] | {"kind": ""} == {
        "name": "gateway.port",
        "value": 4100,
        "kind": "",
        "source": f"{place}:5:9",
    }
    assert found["litellm.router_settings.num_retries"]["source"] == f"{place}:10:34"
    assert found["usage.keep_days"]["value"] == 90
    assert found["usage.keep_days"]["source"] == "default"
    assert found["address"]["value"] == "http://127.0.0.1:4100"
    assert found["FREEROUTER_PLUGINS"]["value"] == "off"
    assert found["profile"]["value"] == "default"
    text = world.cli("config").out
    assert [line.split()[0] for line in text.splitlines()[1:]] == list(found)


def test_where_the_file_is_silent_a_variable_and_then_the_default_hold(
    world: World, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text("providers: [{type: demo}]\n")
    assert rows(world)["gateway.port"]["value"] == 4000
    monkeypatch.setenv("LITELLM_PORT", "4321")
    monkeypatch.setenv("LITELLM_HOST", "::1")
    found = rows(world)
    assert (found["gateway.port"]["value"], found["gateway.port"]["source"]) == (
        4321,
        "LITELLM_PORT (environment)",
    )
    host, port = load_providers(workspace(world)).address({"LITELLM_PORT": "4321"})
    assert (found["gateway.host"]["value"], port) == ("::1", 4321)
    assert host == DEFAULTS["gateway.host"]


def test_the_profile_says_who_chose_it(
    world: World, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.cli("profile", "new", "dev", "--port", "4200").code == 0
    assert rows(world, "--profile", "dev")["profile"]["source"] == "--profile"
    assert rows(world, "--profile", "dev")["gateway.port"]["value"] == 4200
    monkeypatch.setenv("FREEROUTER_PROFILE", "dev")
    assert rows(world)["profile"]["source"] == "FREEROUTER_PROFILE (environment)"
    monkeypatch.delenv("FREEROUTER_PROFILE")
    assert world.cli("profile", "use", "dev").code == 0
    source = rows(world)["profile"]["source"]
    assert source == "~/.config/freerouter/state/profile (`profile use`)"


def test_no_secret_is_shown(world: World, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "sk-" + "7" * 40 + "wxyz"
    monkeypatch.setenv("LITELLM_MASTER_KEY", long)
    path.write_text(
        f"providers: [{{type: oai, name: lab, api_base: 'http://x', api_key: {CANARY}}}]\n"
        f"litellm: {{general_settings: {{database_url: 'postgres://me:{CANARY}@db/x'}},\n"
        f"  litellm_settings: {{cache_params: {{password: {CANARY}}}}}}}\n"
    )
    told = f"{world.cli('config', 'show')}{world.cli('config', 'show', '--json')}"
    for name in ("providers.lab.api_key", "providers.lab", "litellm", "providers"):
        told += f"{world.cli('config', 'get', name)}{world.cli('config', 'get', name, '--json')}"
    assert CANARY not in told
    assert long not in told
    assert "…wxyz" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gateway.port", "4100\n"),
        ("gateway.log_bodies", "false\n"),
        ("spend", "allowed\n"),
        ("providers.my.lab.api_key", "${LAB_KEY}\n"),
        ("providers.demo.enabled", "true\n"),
        ("litellm.router_settings", "num_retries: 2\n"),
        ("providers.my.lab.name", "my.lab\n"),
    ],
)
def test_one_value_alone(world: World, path: Path, name: str, value: str) -> None:
    assert world.cli("config", "get", name) == (0, value, "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("get gateway.prt", 'There is no setting "gateway.prt".\nDid you mean "gateway.port"?\n'),
        ("set gateway.prt 1", 'There is no setting "gateway.prt".\nDid you mean "gateway.port"?\n'),
        (
            "get usage.metrics_port",
            (
                "usage.metrics_port is not set, and has no default.\n"
                "`config set usage.metrics_port VALUE` sets it.\n"
            ),
        ),
        (
            "set providers.demo.enabld false",
            'A provider has no setting "enabld".\nDid you mean "providers.demo.enabled"?\n',
        ),
        (
            "set providers.deom.enabled false",
            'There is no provider "deom" in providers.yaml.\nDid you mean "demo"?\n',
        ),
        ("set nonsense 1", None),
    ],
)
def test_a_name_that_is_none_is_not_found(
    world: World, path: Path, line: str, said: str | None
) -> None:
    ran = world.cli("config", *line.split())
    assert (ran.code, ran.out) == (4, "")
    assert said in (None, ran.err)
    assert path.read_text() == FILE


def test_a_setting_is_written_where_it_belongs_and_undo_takes_it_back(
    world: World, path: Path
) -> None:
    ran = world.cli("config", "set", "gateway.port", "4102")
    assert (ran.code, ran.out) == (0, "gateway.port is 4102 now.\nNext: `fetch`.\n")
    assert path.read_text() == FILE.replace("4100 ", "4102 ")
    assert world.cli("config", "set", "providers.my.lab.options.rpm", "30").code == 0
    assert world.cli("config", "set", "usage.keep_days", "7").code == 0
    text = path.read_text()
    assert text.endswith("\n\nusage:\n  keep_days: 7\n")
    assert "  port: 4102   # beside the other one\n  # nobody else\n" in text
    assert "enabled: true  # always\n" in text
    file = load_providers(workspace(world))
    assert (file.usage, file.get("my.lab").options) == ({"keep_days": 7}, {"rpm": 30})
    assert len(backups_of(workspace(world))) == 3
    assert world.cli("undo").code == 0
    assert world.cli("undo").code == 0
    assert world.cli("undo").code == 0
    assert path.read_text() == FILE


def test_a_setting_is_taken_out_again_with_the_section_that_it_leaves_empty(
    world: World, path: Path
) -> None:
    world.cli("config", "set", "usage.keep_days", "7")
    ran = world.cli("config", "unset", "usage.keep_days")
    assert (ran.code, ran.out) == (
        0,
        "usage.keep_days is taken out. It is 90 now (default).\nNext: `fetch`.\n",
    )
    assert "usage" not in path.read_text()
    again = world.cli("config", "unset", "usage.keep_days")
    assert again.out == "usage.keep_days is not set in providers.yaml: nothing was changed.\n"
    assert world.cli("config", "unset", "litellm.router_settings.num_retries").code == 0
    assert "litellm" not in path.read_text()
    assert world.cli("config", "unset", "gateway.prt").code == 4


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gateway.port 70000", "gateway.port: port must be 1 to 65535.\nNothing was changed.\n"),
        ("gateway.port many", "port must be a whole number, but this is text."),
        ("gateway.log_bodies 1", "log_bodies must be true or false, but this is a whole number."),
        (
            "spend nevr",
            'spend must be never or allowed.\nNothing was changed.\nDid you mean "never"',
        ),
        ("usage.metrics_port 4100", "metrics_port is the gateway's own port."),
        ("providers.demo.options.models chep", "models must be free, all, or a list of ids"),
        ("providers.demo.type oai", "The type of a provider is not changed so."),
        ("litellm.router_settings.num_retries.deep 1", "num_retries is a value"),
        ("version 3", "`migrate` writes that."),
        ("select.demo [demo]", "`select` writes that."),
        ("litellm {}", "litellm holds settings."),
        ("gateway.port ~", "~ is no value."),
    ],
)
def test_a_value_that_will_not_do_is_refused_before_anything_is_written(
    world: World, path: Path, line: str, said: str
) -> None:
    ran = world.cli("config", "set", *line.split(maxsplit=1))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert path.read_text() == FILE
    assert backups_of(workspace(world)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gateway.host", "0.0.0.0"),
        ("providers.my.lab.api_base", "http://127.0.0.1:10/v1"),
        ("litellm.general_settings.alerting", "yes"),
        ("litellm.router_settings.a-b", "[1, {x: two}]"),
        ("providers.demo.options.models", "[a, b]"),
        ("providers.my.lab.keys", '["${ONE}", "${TWO}"]'),
        ("litellm.general_settings.api_key", "os.environ/SOME_KEY"),
    ],
)
def test_what_is_set_is_what_is_read(world: World, path: Path, name: str, value: str) -> None:
    assert world.cli("config", "set", name, value).code == 0
    first = world.cli("config", "get", name, "--json")
    again = world.cli("config", "set", name, value)
    assert first.code == 0
    assert again.out.endswith(" already.\n")
    assert path.read_text().startswith("# Mine.\n")


@pytest.mark.parametrize(
    "words",
    [
        ("providers.my.lab.api_key", CANARY),
        ("providers.my.lab.keys", f"[{CANARY}]"),
        ("litellm.general_settings.master_key", CANARY),
        ("litellm.general_settings", f"{{master_key: {CANARY}}}"),
        ("litellm.litellm_settings.cache_params.password", f'"{CANARY}"'),
        ("gateway.host", f"sk-{CANARY}-{CANARY}"),
    ],
)
def test_a_key_is_refused_and_is_in_no_file_and_no_history(
    world: World, path: Path, words: tuple[str, str]
) -> None:
    ran = world.cli("config", "set", *words)
    assert ran.code == 2
    assert "`keys set PROVIDER`" in ran.err
    assert CANARY not in f"{ran}{world.written()}"
    assert holds_secret(f"config set {words[0]} {words[1]}")
    assert holds_secret(f"config set --json {words[0]} {words[1]}")


def test_a_key_that_is_stored_already_is_no_value_either(world: World, path: Path) -> None:
    (world.workspace / ".env").write_text(f"LAB_KEY={CANARY}\n")
    ran = world.cli("config", "set", "providers.my.lab.api_base", CANARY)
    assert ran.code == 2
    assert CANARY not in f"{ran}{path.read_text()}"


@pytest.mark.parametrize(
    "line",
    [
        "config set gateway.port 4100",
        "config set providers.lab.api_key ${LAB_KEY}",
        "config set providers.lab.api_key not-needed",
        "config set providers.lab.keys '[\"${A}\", os.environ/B]'",
        "config set litellm.litellm_settings.cache_key true",
        "config get providers.lab.api_key",
        "ask what is config set key",
    ],
)
def test_an_ordinary_line_stays_in_the_history(line: str) -> None:
    assert not holds_secret(line)


def test_config_yaml_goes_along_where_it_is_made_already(world: World, path: Path) -> None:
    path.write_text("providers: [{type: demo}]\n")
    assert world.cli("fetch").code == 0
    ran = world.cli("config", "set", "litellm.router_settings.num_retries", "3")
    assert ran.out.endswith("Next: `start`.\n")
    assert "num_retries: 3" in (world.workspace / "config.yaml").read_text()
    assert digest_of(str(path)) == asked_for(workspace(world))
    before = path.read_text()
    refused = world.cli("config", "set", "litellm.model_list", "none")
    assert refused.code == 2
    assert "litellm.model_list must be a list" in refused.err
    assert path.read_text() == before


def test_a_flow_can_take_it_back(world: World, path: Path) -> None:
    assert result("config", "set", "gateway.port", "4103").undo == (
        ("config", "set", "gateway.port", "4100"),
    )
    assert result("config", "set", "spend", "never").undo == (("config", "unset", "spend"),)
    assert result("config", "unset", "spend").undo == (("config", "set", "spend", "never"),)


def test_the_names_are_those_of_the_file(world: World) -> None:
    names = known_names()
    assert {f"gateway.{key}" for key in GATEWAY} <= set(names)
    assert {f"usage.{key}" for key in USAGE} <= set(names)
    assert DEFAULTS.keys() <= set(names)
    assert all(name.partition(".")[0] in TOP for name in names)


def test_a_file_that_cannot_be_used_is_told_of_with_its_place(world: World, path: Path) -> None:
    path.write_text("gateway: {port: x}\nproviders: []\n")
    for line in ("show", "get gateway.port", "set spend never"):
        ran = world.cli("config", *line.split())
        assert (ran.code, "providers.yaml:1:17: port must be" in ran.err) == (2, True)


# For a report of a fault


@pytest.mark.parametrize("broken", ["", "\n  - [no\n"])
def test_every_secret_is_hidden_in_what_is_handed_on(
    world: World, path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setenv("LAB_KEY", "kept-in-the-environment")
    text = (
        f"# api_key: {CANARY}1\nproviders:\n"
        f"  - {{type: oai, name: a, api_base: 'http://me:{CANARY}2@h/v1', api_key: '{CANARY}3'}}\n"
        f"  - type: oai\n    name: b\n    keys:\n      - {CANARY}4\n      - ${{LAB_KEY}}\n"
        "  - type: demo   # kept-in-the-environment\n" + broken
    )
    path.write_text(text)
    (world.workspace / ".env").write_text(f"OTHER_API_KEY={CANARY}5\n")
    path.write_text(path.read_text() + f"# {CANARY}5\n")
    ran = world.cli("config", "redacted")
    as_json = json.loads(world.cli("config", "redacted", "--json").out)
    assert ran.code == 0
    assert CANARY not in ran.out
    assert "kept-in-the-environment" not in ran.out
    assert ("${LAB_KEY}" in ran.out, "type: demo" in ran.out) == (True, True)
    assert as_json["text"].count("\n") == path.read_text().count("\n")
    assert as_json["hidden"] == 6


def test_the_file_that_is_made_is_handed_on_too(world: World, path: Path) -> None:
    path.write_text("providers: [{type: demo}]\n")
    ran = world.cli("config", "redacted", "--made")
    assert (ran.code, ran.err.splitlines()[-1]) == (3, "`freerouter fetch` makes it.")
    assert world.cli("fetch").code == 0
    made = (world.workspace / "config.yaml").read_text()
    assert world.cli("config", "redacted", "--made").out == made
