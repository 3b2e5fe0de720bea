"""Several keys for one provider: deployments side by side, each key with its own verdict."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from alone import alone
from calls import result
from fakes import FakeServer, Reply, completion, openai_list, openrouter

if TYPE_CHECKING:
    from conftest import World

FIRST, SECOND, THIRD = "sk-canary-first", "sk-canary-second", "sk-canary-third"


@pytest.fixture
def lab(world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> World:
    """A server that takes three keys; two are in .env, beside each other."""
    server.replies["/v1/models"] = openai_list("a", "b")
    server.replies["/v1/models"].keys = (FIRST, SECOND, THIRD)
    server.replies["/v1/chat/completions"] = Reply(completion("x"))
    entry = f"{{type: oai, name: lab, api_base: '{server.url}/v1', api_key: '${{LAB_KEY}}'}}"
    world.providers(f"providers: [{entry}]\n")
    (world.workspace / ".env").write_text(f"LAB_KEY={FIRST}\nLAB_KEY_2={SECOND}\n")
    return world


def accept(server: FakeServer, *keys: str) -> None:
    server.replies["/v1/models"].keys = keys


def deployments(world: World) -> dict[str, str]:
    """The key of every deployment, by its id."""
    config = yaml.safe_load((world.workspace / "config.yaml").read_text())
    return {one["model_info"]["id"]: one["litellm_params"]["api_key"] for one in alone(config)}


BOTH = {
    "lab/a": "os.environ/LAB_KEY",
    "lab/a#2": "os.environ/LAB_KEY_2",
    "lab/b": "os.environ/LAB_KEY",
    "lab/b#2": "os.environ/LAB_KEY_2",
}


def test_a_numbered_variable_beside_the_key_gives_deployments_of_its_own(lab: World) -> None:
    ran = lab.cli("fetch")
    assert (ran.code, ran.err) == (0, "")
    assert deployments(lab) == BOTH
    assert len(json.loads(lab.cli("list", "--json").out)["models"]) == 2
    assert not {FIRST, SECOND} & set(lab.written()[str(lab.workspace / "config.yaml")].split())


def test_a_gap_in_the_numbers_ends_them_and_a_key_twice_counts_once(lab: World) -> None:
    (lab.workspace / ".env").write_text(
        f"LAB_KEY={FIRST}\nLAB_KEY_2={FIRST}\nLAB_KEY_3={THIRD}\nLAB_KEY_5={SECOND}\n"
    )
    assert lab.cli("fetch").code == 0
    assert {key for name, key in deployments(lab).items() if name.startswith("lab/a")} == {
        "os.environ/LAB_KEY",
        "os.environ/LAB_KEY_3",
    }


def test_keys_may_be_listed_in_providers_yaml(
    lab: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = f"['${{MINE}}', '${{OURS}}', {THIRD}]"
    entry = f"{{type: oai, name: lab, api_base: '{server.url}/v1', keys: {keys}}}"
    lab.providers(f"providers: [{entry}]\n")
    monkeypatch.setenv("MINE", FIRST)
    monkeypatch.setenv("OURS", SECOND)
    assert lab.cli("fetch").code == 0
    assert [key for name, key in deployments(lab).items() if name.startswith("lab/a")] == [
        "os.environ/MINE",
        "os.environ/OURS",
        "os.environ/FREEROUTER_KEY_LAB__3",
    ]


def test_a_list_of_keys_is_read_strictly(lab: World) -> None:
    lab.providers("providers:\n  - {type: openrouter, keys: [7]}\n")
    ran = lab.cli("fetch")
    assert ran.code == 2
    assert "providers.yaml:2:31: keys must be a list of variables." in ran.err


def test_a_refused_key_of_several_is_left_out_with_a_line(lab: World, server: FakeServer) -> None:
    accept(server, FIRST)
    ran = lab.cli("fetch")
    assert ran.code == 0
    assert ran.err == (
        'lab (key 2) refused this key (401). It says: "Incorrect API key". '
        "`freerouter keys set lab --number 2` stores another one. It is left out (LAB_KEY_2).\n"
    )
    assert set(deployments(lab)) == {"lab/a", "lab/b"}
    assert lab.cli("select", "a").code == 0
    assert set(deployments(lab)) == {"lab/a"}
    accept(server, FIRST, SECOND)
    assert lab.cli("fetch").err == ""
    assert set(deployments(lab)) == {"lab/a", "lab/a#2"}
    assert lab.cli("select", "b").code == 0
    assert set(deployments(lab)) == {"lab/b", "lab/b#2"}


def test_where_every_key_is_refused_all_stay_as_they_were(lab: World, server: FakeServer) -> None:
    lab.cli("fetch")
    accept(server)
    server.replies["/v1/models"] = Reply({}, status=401)
    ran = lab.cli("fetch")
    assert (ran.code, ran.out) == (
        5,
        "lab: keeps its last 2 models, marked stale\n2 models in config.yaml (unchanged).\n",
    )
    assert deployments(lab) == BOTH


def test_the_others_stay_when_it_is_the_first_that_is_refused(
    lab: World, server: FakeServer
) -> None:
    accept(server, SECOND)
    ran = lab.cli("fetch")
    assert ran.code == 0
    assert "lab refused this key (401)." in ran.err
    assert deployments(lab) == {
        "lab/a#2": "os.environ/LAB_KEY_2",
        "lab/b#2": "os.environ/LAB_KEY_2",
    }
    assert lab.cli("select", "a").code == 0
    assert set(deployments(lab)) == {"lab/a#2"}


def test_of_a_fetch_of_others_nothing_is_forgotten(lab: World, server: FakeServer) -> None:
    text = (lab.workspace / "providers.yaml").read_text().rstrip().removesuffix("]")
    lab.providers(
        f"{text}, {{type: oai, name: den, api_base: '{server.url}/v1', api_key: {FIRST}}}]\n"
    )
    accept(server, FIRST)
    assert lab.cli("fetch").code == 0
    assert lab.cli("fetch", "--provider", "den").err == ""
    assert "lab/a#2" not in deployments(lab)


def test_doubt_about_a_key_leaves_its_deployments(lab: World, server: FakeServer) -> None:
    assert lab.cli("fetch").code == 0
    server.replies["/v1/models"] = Reply({}, status=400)
    lab.cli("fetch")
    assert deployments(lab) == BOTH


def test_every_key_has_its_own_verdict(lab: World, server: FakeServer) -> None:
    accept(server, FIRST)
    checked = result("check")
    assert [(p["key"], p["verdict"]) for p in checked.data["providers"]] == [
        ("LAB_KEY", "works"),
        ("LAB_KEY_2", "refused"),
    ]
    assert checked.exit_code == 1
    assert "lab#2" in lab.cli("check").out
    keys = lab.cli("keys", "check", "lab")
    assert keys.code == 1
    assert keys.out == "lab: key works, 2 models\n"
    assert keys.err.startswith("lab (key 2) refused this key (401).")
    data: dict[str, Any] = json.loads(lab.cli("keys", "check", "lab", "--json").out)
    assert (data["verdict"], [k["verdict"] for k in data["keys"]]) == (
        "works",
        ["works", "refused"],
    )


def test_models_are_called_with_a_key_that_works(lab: World, server: FakeServer) -> None:
    accept(server, SECOND)
    assert lab.cli("fetch").code == 0
    server.seen.clear()
    lab.cli("check", "a")
    assert {seen.key for seen in server.seen if seen.method == "POST"} == {SECOND}


@pytest.mark.parametrize("keys", [(FIRST, SECOND), (FIRST,), (SECOND,)])
def test_doctor_holds_the_file_of_several_keys_for_right(
    lab: World, server: FakeServer, keys: tuple[str, ...]
) -> None:
    accept(server, *keys)
    assert lab.cli("fetch").code == 0
    findings = {f["id"]: f for f in result("doctor", "--offline").data["findings"]}
    assert findings["config.current"]["state"] == "ok"


def test_providers_show_tells_where_each_key_is(lab: World, server: FakeServer) -> None:
    accept(server, FIRST)
    lab.cli("fetch")
    shown = [line.strip() for line in lab.cli("providers", "show", "lab").out.splitlines()]
    place = next(i for i, line in enumerate(shown) if line.startswith("key "))
    assert shown[place].split(maxsplit=1)[1] == "LAB_KEY (.env)"
    assert shown[place + 1] == "LAB_KEY_2 (.env, refused and left out)"


def test_a_further_key_is_stored_and_taken_out_by_its_number(
    lab: World, server: FakeServer
) -> None:
    ran = lab.process("keys", "set", "lab", "--number", "3", stdin=THIRD)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Stored as LAB_KEY_3 in .env.")
    assert lab.cli("fetch").code == 0
    assert deployments(lab)["lab/a#3"] == "os.environ/LAB_KEY_3"
    removed = lab.cli("keys", "remove", "lab", "--number", "3")
    assert removed.out == "LAB_KEY_3 taken out of .env.\n"
    assert f"LAB_KEY={FIRST}" in (lab.workspace / ".env").read_text()


def test_who_has_several_keys_is_told_what_the_provider_says_of_that(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, FIRST, SECOND)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers("providers: [{type: openrouter}]\n")
    monkeypatch.setenv("OPENROUTER_API_KEY", FIRST)
    assert "further accounts" not in world.cli("fetch").err
    monkeypatch.setenv("OPENROUTER_API_KEY_2", SECOND)
    assert "further accounts or keys do not raise that (https://" in world.cli("fetch").err
    assert "further accounts or keys do not raise that (https://" in world.cli("check").out


def test_a_key_is_asked_for_where_the_list_is_open_to_anybody(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, FIRST)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers("providers: [{type: openrouter}]\n")
    monkeypatch.setenv("OPENROUTER_API_KEY", FIRST)
    assert world.cli("fetch").code == 0
    # Once, for what is left of its quota.
    assert [seen.path for seen in server.seen].count("/api/v1/key") == 1
    monkeypatch.setenv("OPENROUTER_API_KEY_2", SECOND)
    ran = world.cli("fetch")
    assert ran.code == 0
    assert "OpenRouter (key 2) refused this key (401)." in ran.err
    assert "It is left out (OPENROUTER_API_KEY_2)." in ran.err
    assert all("#2" not in name for name in deployments(world))
    openrouter(server, FIRST, SECOND)
    assert "refused" not in world.cli("fetch", "--fresh").err
    assert any("#2" in name for name in deployments(world))


@pytest.mark.gateway
def test_the_gateway_spreads_requests_over_both_keys(
    lab: World, server: FakeServer, free_port: int
) -> None:
    text = (lab.workspace / "providers.yaml").read_text()
    lab.providers(f"gateway: {{port: {free_port}}}\n{text}")
    assert lab.cli("fetch").code == 0
    assert lab.cli("start").code == 0
    try:
        server.seen.clear()
        used: set[str] = set()
        for _ in range(30):
            assert lab.cli("ask", "--model", "a", "hello").code == 0
            used = {seen.key for seen in server.seen if seen.method == "POST"}
            if used == {FIRST, SECOND}:
                break
        assert used == {FIRST, SECOND}
    finally:
        lab.cli("stop", "--timeout", "2")


@pytest.mark.parametrize(
    ("env", "entry", "number"),
    [
        ("LAB_KEY=one-key\n", "api_key: '${LAB_KEY}'", 2),
        ("LAB_KEY=one-key\nLAB_KEY_2=two-keys\nLAB_KEY_4=four-keys\n", "api_key: '${LAB_KEY}'", 3),
        ("", "api_key: '${LAB_KEY}'", None),
        ("LAB_KEY=one-key\n", "keys: ['${LAB_KEY}']", None),
        ("LAB_KEY=one-key\n", "api_key: a-key-written-out", None),
    ],
)
def test_the_number_that_a_further_key_would_have_is_told(
    lab: World, env: str, entry: str, number: int | None
) -> None:
    lab.providers(f"providers: [{{type: oai, name: lab, api_base: 'http://lab/v1', {entry}}}]\n")
    (lab.workspace / ".env").write_text(env)
    rows = json.loads(lab.cli("providers", "list", "--json").out)["providers"]
    assert next(row["next_key"] for row in rows if row["id"] == "lab") == number
