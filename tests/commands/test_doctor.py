"""`doctor` as a whole: what it prints, its data, its exit code, and that it keeps every secret."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

import pytest
from fakes import Reply, openrouter
from test_imports import HEAVY, imported_by

from freerouter import __version__
from freerouter.commands.doctor_checks import CHECKS, examine
from freerouter.commands.doctor_facts import Facts, Finding, finding, gather, safe_address
from freerouter.context import make_context
from freerouter.errors import ProviderError
from freerouter.parser import parse
from freerouter.process.engine import PINNED, installed_version
from freerouter.result import counted
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import World
    from fakes import FakeServer

KEY = "sk-canary-0123456789"


def diagnosed(world: World, *options: str) -> dict[str, Any]:
    """The findings by their ids. Nobody is asked unless `--ask` is given here."""
    offline = () if "--ask" in options else ("--offline",)
    data = json.loads(world.cli("doctor", "--json", *offline).out)
    found = {f["id"]: f for f in data["findings"]}
    assert len(found) == len(data["findings"])
    for one in found.values():
        assert not one["command"] or parse(one["command"], REGISTRY)
    return found


def brief(found: dict[str, Any], name: str) -> tuple[str, list[str]]:
    return found[name]["state"], found[name]["command"]


def set_up(world: World, text: str = "providers: [{type: demo}]\n") -> None:
    """A workspace as `init` and `fetch` leave it."""
    world.providers(text)
    assert world.cli("fetch").code == 0


def routed(world: World, server: FakeServer, key: str = KEY) -> None:
    """OpenRouter is set up with a key in .env, and accepts KEY."""
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers("providers:\n  - {type: openrouter, api_key: '${OPENROUTER_API_KEY}'}\n")
    path = world.workspace / ".env"
    path.write_text(f"OPENROUTER_API_KEY={key}\n")
    path.chmod(0o600)


def test_without_a_configuration_the_first_fault_is_named_and_the_rest_is_left_out(
    world: World,
) -> None:
    ran = world.cli("doctor", "--json")
    data = json.loads(ran.out)
    assert ran.code == 1
    assert data["errors"] == 1
    found = {f["id"]: f for f in data["findings"]}
    assert brief(found, "workspace.configured") == ("error", ["init"])
    assert found["workspace.configured"]["why"] == (
        "There is no ~/.config/freerouter/providers.yaml."
    )
    for name in ("providers.valid", "config.there", "keys.verdict", "port.free", "gateway.running"):
        assert brief(found, name) == ("skipped", [])


def test_the_areas_come_in_the_order_in_which_one_needs_the_other(world: World) -> None:
    set_up(world)
    data = json.loads(world.cli("doctor", "--json", "--offline").out)
    areas = list(dict.fromkeys(f["area"] for f in data["findings"]))
    assert areas == [area for area, _ in CHECKS]
    assert all(f["id"].startswith(f"{f['area']}.") for f in data["findings"])


def test_data_is_a_whole_report(world: World) -> None:
    set_up(world)
    data = json.loads(world.cli("doctor", "--json", "--offline").out)
    report = ["findings", "fixes", "suggested", "summary", "errors", "warnings", "versions"]
    assert list(data) == report
    assert data["versions"] == {
        "freerouter": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "engine": installed_version(),
    }
    assert {tuple(f) for f in data["findings"]} == {(*Finding._fields, "more")}
    states = [f["state"] for f in data["findings"]]
    assert data["errors"] == states.count("error")
    assert data["warnings"] == states.count("warn")


def test_each_finding_is_a_line_and_what_is_wrong_says_what_mends_it(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    ran = world.cli("doctor", "--offline")
    assert ran.err == ""
    assert "\nproviders: 1 provider in providers.yaml, 1 switched on.\n" in ran.out
    assert (
        "\nconfig: No models have been fetched yet.\n  `freerouter fetch` mends it.\n"
    ) in ran.out
    assert "\nkeys: No provider was asked (--offline).\nnetwork: " in ran.out


def test_the_last_line_counts(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    data = json.loads(world.cli("doctor", "--offline", "--json").out)
    assert data["errors"] >= 1
    assert data["warnings"] >= 1
    last = world.cli("doctor", "--offline").out.splitlines()[-1]
    assert last == f"{counted(data['errors'], 'error')}, {counted(data['warnings'], 'warning')}."


@pytest.mark.skipif(installed_version() != PINNED, reason="without the engine there is an error")
def test_warnings_alone_do_not_fail(gateway: World) -> None:
    assert gateway.cli("fetch").code == 0
    ran = gateway.cli("doctor", "--offline")
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 warning.")
    assert "\ngateway: It is not running.\n  `freerouter start` mends it.\n" in ran.out


def test_it_writes_nothing(world: World, server: FakeServer) -> None:
    routed(world, server)
    assert world.cli("fetch").code == 0
    before = world.written()
    world.cli("doctor")
    assert world.written() == before


def test_offline_asks_nobody(world: World, server: FakeServer) -> None:
    routed(world, server)
    world.cli("doctor", "--offline")
    assert server.seen == []
    world.cli("doctor")
    assert server.seen != []


def test_no_secret_is_shown_whatever_the_providers_repeat(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    literal, shell, login = "lab-canary-1", "sk-canary-shell-12345", "l0g-canary"
    routed(world, server)
    said = {"error": {"message": f"{KEY}, {shell}, {literal}, {login} are wrong"}}
    server.replies["/api/v1/key"] = Reply(said, status=401)
    server.replies["/v1/models"] = Reply(said, status=500)
    address = server.url.replace("//", f"//me:{login}@")
    lab = f"{{type: oai, name: lab, api_base: '{address}/v1', api_key: {literal}}}"
    path = world.workspace / "providers.yaml"
    path.write_text(f"{path.read_text()}  - {lab}\n")
    monkeypatch.setenv("OPENROUTER_API_KEY", shell)
    monkeypatch.setenv("LITELLM_MASTER_KEY", "canary-weak")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://me:{login}@elsewhere.example/v1?key={login}")
    as_data, as_text = world.cli("doctor", "--json"), world.cli("doctor")
    found = {f["id"]: f for f in json.loads(as_data.out)["findings"]}
    assert "env:OPENROUTER_API_KEY" in found["keys.verdict:openrouter"]["what"]
    assert "env:FREEROUTER_KEY_LAB" in found["keys.verdict:lab"]["what"]
    for name in ("shell.key:OPENROUTER_API_KEY", "shell.client:OPENAI_BASE_URL"):
        assert found[name]["state"] == "warn"
    assert found["gateway.key"]["state"] == "error"
    assert "canary" not in f"{as_data}{as_text}"


def test_a_key_in_a_line_that_is_no_yaml_is_not_shown(world: World) -> None:
    world.providers("providers:\n  - type: oai\n    api_key: [lab-canary-1\n  - x: y\n")
    ran = world.cli("doctor", "--json", "--offline")
    found = {f["id"]: f for f in json.loads(ran.out)["findings"]}
    assert found["providers.valid"]["state"] == "error"
    assert "providers.yaml:" in found["providers.valid"]["what"]
    assert "canary" not in ran.out


def test_a_check_that_fails_itself_is_a_finding_and_the_others_go_on(world: World) -> None:
    def failing(_facts: Facts) -> Iterator[Finding]:
        yield finding("one.begun", "ok", "So far.")
        raise ProviderError("The line broke.", "Rain.", "Wait.")

    def missing(_facts: Facts) -> Iterator[Finding]:
        with open("/nowhere/at-all", encoding="utf-8"):
            yield finding("two.begun", "ok", "There it is.")

    def last(_facts: Facts) -> Iterator[Finding]:
        yield finding("three.done", "ok", "Done.")

    facts = gather(make_context(), offline=True)
    found = list(examine(facts, (("one", failing), ("two", missing), ("three", last))))
    assert found == [
        Finding("one.begun", "one", "ok", "So far."),
        Finding("one.failed", "one", "error", "The line broke.", "Rain.", "Wait."),
        Finding(
            "two.failed",
            "two",
            "error",
            "This could not be looked at: No such file or directory.",
            "/nowhere/at-all",
        ),
        Finding("three.done", "three", "ok", "Done."),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("proxy.example:3128", "http://proxy.example:3128"),
        ("https://me:pw@proxy.example/path?key=1", "https://proxy.example"),
        ("me:pw@proxy.example", "http://proxy.example"),
        ("http://me:p@w@proxy.example", "http://proxy.example"),
        ("http://me:p/w@proxy.example", ""),
        ("http://me:1/w@proxy.example", ""),
        ("http://me:1?w@proxy.example", ""),
        ("http://me:1#w@proxy.example", ""),
        ("http://", ""),
        ("http://[::1", ""),
        ("http://proxy.example:99999", ""),
    ],
)
def test_only_what_is_surely_no_secret_of_an_address_is_shown(value: str, shown: str) -> None:
    assert safe_address(value) == shown


@pytest.mark.gateway
def test_where_all_is_well_nothing_is_wrong(gateway: World) -> None:
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start").code == 0
    ran = gateway.cli("doctor")
    assert ran.out.splitlines()[-1] == "Nothing is wrong.", ran.out
    assert ran.code == 0
    found = diagnosed(gateway, "--ask")
    assert found["gateway.answers"]["what"].endswith(" ms and serves 1 model.")
    assert found["gateway.refuses"]["state"] == "ok"
    assert found["config.served"]["state"] == "ok"
    assert {f["state"] for f in found.values()} == {"ok", "skipped"}


def test_nothing_is_imported_that_only_asking_needs(world: World) -> None:
    set_up(world)
    assert imported_by(world, "doctor", "--offline") & set(HEAVY) == {"yaml"}
