"""`check`: verdicts of every provider, kept for a while, and models called within a budget."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from calls import result, workspace
from fakes import FakeServer, Reply, completion, openai_list, openrouter

from freerouter.commands.checked import exit_code
from freerouter.config.providers_file import Entry
from freerouter.config.secrets import Secrets
from freerouter.providers.account import resolve
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.proving import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

KEY = "sk-canary-0123456789"


@pytest.fixture
def routed(world: World, server: FakeServer) -> World:
    """OpenRouter with its right key, fetched."""
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers(f"providers:\n  - {{type: openrouter, api_key: {KEY}}}\n")
    assert world.cli("fetch").code == 0
    server.seen.clear()
    return world


@pytest.fixture
def lab(world: World, server: FakeServer) -> World:
    """A server with three models, which answer, fetched."""
    server.replies["/v1/models"] = openai_list("a", "b", "c")
    server.replies["/v1/chat/completions"] = Reply(completion("x"))
    world.providers(f"providers: [{{type: oai, name: lab, api_base: '{server.url}/v1'}}]\n")
    assert world.cli("fetch").code == 0
    server.seen.clear()
    return world


def checked(world: World, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.cli("check", "--json", *words).out)
    return found


def called(server: FakeServer) -> list[str]:
    """The models that were called, in their order."""
    return [seen.body["model"] for seen in server.seen if seen.method == "POST"]


def proven(world: World) -> dict[str, Any]:
    path = world.workspace / "state" / "proven.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


# Providers


def test_a_key_that_works_is_told_and_not_asked_for_again_at_once(
    routed: World, server: FakeServer
) -> None:
    first = routed.cli("check")
    assert first.code == 0
    assert first.out.splitlines()[1].split() == ["✓", "openrouter", "works", "3", "2"]
    asked = len(server.seen)
    again = routed.cli("check")
    assert again.out.splitlines()[1].split()[-3:] == ["0", "min", "ago"]
    assert again.out.endswith("`--fresh` asks again what was asked before.\n")
    assert len(server.seen) == asked
    assert routed.cli("check", "--fresh").code == 0
    assert len(server.seen) == 2 * asked


def test_a_refused_key_names_the_command_for_another(routed: World, server: FakeServer) -> None:
    openrouter(server, "another")
    ran = routed.cli("check")
    assert ran.code == 1
    assert ran.out.splitlines()[1].split() == ["✗", "openrouter", "refused"]
    assert ran.err == (
        '✗ OpenRouter refused this key (401). It says: "Incorrect API key".\n'
        "  `freerouter keys set openrouter` stores another one. "
        "Keys are made at https://openrouter.ai/settings/keys.\n"
    )
    assert routed.cli("check").err == ran.err


def test_no_key_is_written_into_what_is_kept(routed: World, server: FakeServer) -> None:
    said = {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    server.replies["/api/v1/key"] = Reply(said, status=401)
    assert routed.cli("check").code == 1
    state = routed.workspace / "state"
    assert KEY not in "".join(path.read_text() for path in state.glob("*.json"))
    assert (state / "verdicts.json").exists()


@pytest.mark.parametrize(
    ("reply", "verdict", "code"),
    [
        (Reply({}, status=402), "no_quota", 1),
        (Reply({"error": {"message": "not available in your country"}}, status=403), "region", 1),
        (Reply({}, status=503), "unknown", 5),
        (Reply({}, status=429), "unknown", 5),
    ],
)
def test_every_verdict_has_its_exit_code_and_what_is_wrong_a_next_step(
    routed: World, server: FakeServer, reply: Reply, verdict: str, code: int
) -> None:
    server.replies["/api/v1/key"] = reply
    ran = result("check")
    (found,) = ran.data["providers"]
    assert (found["verdict"], ran.exit_code) == (verdict, code)
    assert found["fix"]


def test_doubt_is_not_kept(routed: World, server: FakeServer) -> None:
    server.replies["/api/v1/key"] = Reply({}, status=503)
    assert routed.cli("check").code == 5
    openrouter(server, KEY)
    assert routed.cli("check").code == 0


def test_a_verdict_that_is_too_old_or_of_the_future_is_asked_for_again(
    routed: World, server: FakeServer
) -> None:
    assert routed.cli("check").code == 0
    path = routed.workspace / "state" / "verdicts.json"
    for wrong in (-3601.0, +7200.0):
        server.seen.clear()
        kept = json.loads(path.read_text())
        for one in kept.values():
            one["at"] += wrong
        path.write_text(json.dumps(kept))
        assert checked(routed)["providers"][0]["age"] is None
        assert server.seen


def test_a_provider_without_a_key_is_told_beside_the_others(
    world: World, server: FakeServer
) -> None:
    server.replies["/v1/models"] = openai_list("a")
    world.providers(
        "providers:\n  - type: groq\n"
        f"  - {{type: oai, name: lab, api_base: '{server.url}/v1'}}\n"
        "  - {type: openrouter, enabled: false}\n"
    )
    ran = world.cli("check")
    assert ran.code == 1
    assert [line.split()[:3] for line in ran.out.splitlines()[1:]] == [
        ["✗", "groq", "no"],
        ["✓", "lab", "works"],
    ]
    assert "`keys set groq` stores one." in ran.err
    off = world.cli("check", "openrouter")
    assert (off.code, off.err.splitlines()[0]) == (3, "openrouter is switched off.")


def test_what_nobody_knows_is_refused_with_the_nearest_name(lab: World) -> None:
    ran = lab.cli("check", "openruter")
    assert (ran.code, ran.err) == (
        4,
        'There is no provider and no model "openruter".\nDid you mean "openrouter"?\n',
    )


def test_where_no_tick_can_be_shown_words_stand_for_it(lab: World) -> None:
    ran = lab.process("check", PYTHONIOENCODING="ascii")
    assert ran.out.splitlines()[1].split() == ["ok", "lab", "works", "3"]


def test_what_cannot_be_well_decides_the_exit_code_before_doubt() -> None:
    assert exit_code(["works"]) == 0
    assert exit_code(["works", "unknown"]) == 5
    assert exit_code(["unknown", "refused", "works"]) == 1
    assert exit_code([]) == 0


# Models


def test_full_calls_each_selected_model_once_for_one_token(lab: World, server: FakeServer) -> None:
    ran = lab.cli("check", "--full")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "3 calls (at most 50), one token each: lab 3."
    assert sorted(called(server)) == ["a", "b", "c"]
    assert {seen.body["max_tokens"] for seen in server.seen if seen.method == "POST"} == {1}
    assert set(proven(lab)) == {"lab/a", "lab/b", "lab/c"}


def test_a_proven_model_is_shown_by_list(lab: World) -> None:
    assert "proven" not in lab.cli("list").out
    assert lab.cli("check", "lab/b").code == 0
    rows = json.loads(lab.cli("list", "--json").out)["models"]
    assert [(row["id"], bool(row["proven"])) for row in rows] == [
        ("a", False),
        ("b", True),
        ("c", False),
    ]
    assert [(row["id"], row["state"]) for row in rows] == [
        ("a", "listed"),
        ("b", "proven"),
        ("c", "listed"),
    ]
    assert "proven" in lab.cli("list").out
    assert "PROVEN" in lab.cli("list", "--columns", "model,proven").out


def test_a_model_that_failed_is_shown_by_list_until_it_answers(
    lab: World, server: FakeServer
) -> None:
    server.replies["/v1/chat/completions"] = Reply({"error": {"message": "boom"}}, status=500)
    lab.cli("check", "lab/b")
    rows = json.loads(lab.cli("list", "--json", "--state", "failing").out)["models"]
    assert [(row["id"], row["proven"]) for row in rows] == [("b", "")]
    assert "failing (500)" in rows[0]["why"]
    server.replies["/v1/chat/completions"] = Reply(completion("x"))
    lab.cli("check", "lab/b")
    assert "failing" not in lab.cli("list").out


def test_naming_a_model_calls_that_one(lab: World, server: FakeServer) -> None:
    data = checked(lab, "b")
    assert called(server) == ["b"]
    assert [(m["model"], m["verdict"]) for m in data["models"]] == [("b", "works")]


def test_a_model_is_called_where_the_server_answered(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a")
    server.replies["/v1/chat/completions"] = Reply(completion("x"))
    world.providers(f"providers: [{{type: oai, name: lab, api_base: '{server.url}'}}]\n")
    assert world.cli("fetch").code == 0
    assert world.cli("check", "--full").code == 0


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        ("groq", "/base/chat/completions"),
        ("cohere", "/base/compatibility/v1/chat/completions"),
        ("ollama", "/base/v1/chat/completions"),
    ],
)
def test_the_record_says_where_a_model_is_called(
    world: World, server: FakeServer, provider: str, path: str
) -> None:
    account = resolve(
        Entry(provider, provider, api_base=f"{server.url}/base", api_key=KEY),
        Catalogue(),
        Secrets(workspace(world), {}),
    )
    place = place_of(account, "m")
    assert place
    assert place.url == f"{server.url}{path}"


def test_the_budget_is_kept_and_unproven_models_come_first(lab: World, server: FakeServer) -> None:
    ran = lab.cli("check", "--full", "--calls", "1")
    assert called(server) == ["a"]
    assert ran.err == (
        "2 models not called: the budget is 1 call.\n"
        "  `freerouter check --full --calls 3` calls all.\n"
    )
    lab.cli("check", "--full", "--calls", "1")
    assert called(server) == ["a", "b"]


def test_streaming_and_tools_are_asked_for_on_request_and_count_as_calls(
    lab: World, server: FakeServer
) -> None:
    data = checked(lab, "a", "--stream", "--tools")
    assert data["calls"] == 3
    (found,) = data["models"]
    assert (found["stream"], found["tools"]) == (True, False)
    bodies = [seen.body for seen in server.seen if seen.method == "POST"]
    assert [bool(b.get("stream")) for b in bodies] == [False, True, False]
    assert bodies[2]["tools"][0]["type"] == "function"
    call = {"function": {"name": "report_weather", "arguments": "{}"}}
    answer = {"choices": [{"message": {"tool_calls": [call]}}]}
    server.replies["/v1/chat/completions"] = Reply(answer)
    assert checked(lab, "a", "--tools")["models"][0]["tools"] is True


def test_what_costs_money_is_called_only_when_that_is_said(
    routed: World, server: FakeServer
) -> None:
    refused = routed.cli("check", "openai/gpt-5")
    assert (refused.code, refused.err) == (
        1,
        (
            "openrouter/openai/gpt-5 costs money: it has a price.\nNo model was called.\n"
            "`freerouter check openai/gpt-5 --paid` calls it all the same.\n"
        ),
    )
    assert server.seen == []
    assert routed.cli("check", "openai/gpt-5", "--paid").code == 0
    assert called(server) == ["openai/gpt-5"]


def test_of_many_those_that_cost_are_left_out_and_told(routed: World, server: FakeServer) -> None:
    text = (routed.workspace / "providers.yaml").read_text()
    routed.providers(text.rstrip().removesuffix("}") + ", options: {models: all}}\n")
    routed.cli("fetch")
    ran = routed.cli("check", "--full")
    assert sorted(called(server)) == ["meta/llama-3.3-70b:free", "qwen/qwen3-coder:free"]
    assert "1 model not called: it costs money.\n  `freerouter check --full --paid`" in ran.err
    assert ran.code == 0


def test_spend_never_is_stronger_than_paid(routed: World, server: FakeServer) -> None:
    path = routed.workspace / "providers.yaml"
    path.write_text("spend: never\n" + path.read_text())
    ran = routed.cli("check", "openai/gpt-5", "--paid")
    assert ran.code == 1
    assert "(spend: never)" in ran.err
    assert server.seen == []


def test_models_of_a_provider_that_refuses_the_key_are_not_called(
    routed: World, server: FakeServer
) -> None:
    openrouter(server, "another")
    ran = routed.cli("check", "--full")
    assert called(server) == []
    assert "The models of openrouter were not called (refused)." in ran.err


@pytest.mark.parametrize(
    ("reply", "verdict", "code"),
    [
        (Reply({}, status=429, headers={"Retry-After": "0"}), "unknown", 5),
        (Reply({"error": {"message": "no such model"}}, status=404), "absent", 1),
        (Reply({"choices": []}), "unknown", 5),
        (Reply(b"<html>", headers={"Content-Type": "text/html"}), "unknown", 5),
        (Reply({}, status=500), "unknown", 5),
    ],
)
def test_a_model_that_does_not_answer_is_not_proven(
    lab: World, server: FakeServer, reply: Reply, verdict: str, code: int
) -> None:
    assert lab.cli("check", "a").code == 0
    server.replies["/v1/chat/completions"] = reply
    ran = lab.cli("check", "a", "--json")
    (found,) = json.loads(ran.out)["models"]
    assert (found["verdict"], ran.code) == (verdict, code)
    # That it once answered stays true, unless it is not there any more.
    assert ("lab/a" in proven(lab)) == (verdict != "absent")


def test_an_answer_proves_the_key_of_a_provider_whose_list_is_open(
    world: World, server: FakeServer
) -> None:
    server.replies["/v1/models"] = openai_list("a")
    server.replies["/v1/chat/completions"] = Reply(completion("x"), keys=(KEY,))
    entry = f"{{type: oai, name: lab, api_base: '{server.url}/v1', api_key: {KEY}}}"
    world.providers(f"providers: [{entry}]\n")
    assert world.cli("fetch").code == 0
    assert checked(world)["providers"][0]["verdict"] == "unknown"
    assert (
        checked(world, "--full")["providers"][0]["message"] == "lab: key works, as a call proves."
    )
    assert checked(world)["providers"][0]["verdict"] == "works"
    server.replies["/v1/chat/completions"] = Reply(completion("x"), keys=("another",))
    refused = checked(world, "--full", "--fresh")["providers"][0]
    assert (refused["verdict"], refused["message"][:25]) == ("refused", "lab refused this key (401")


def test_what_speaks_another_format_cannot_be_told_without_the_gateway(
    world: World, server: FakeServer
) -> None:
    server.replies["/v1/models"] = Reply({"data": [{"id": "claude"}]})
    world.override("anthropic", base_url=f"{server.url}/v1")
    entry = f"{{type: anthropic, api_key: {KEY}, options: {{models: all}}}}"
    world.providers(f"providers: [{entry}]\n")
    world.cli("fetch")
    ran = world.cli("check", "claude", "--paid")
    assert ran.code == 5
    assert (
        "? Anthropic speaks Anthropic's own format, which the gateway translates, "
        "and the gateway does not run.\n"
    ) in ran.err
    assert called(server) == []


@pytest.mark.gateway
def test_what_answers_only_inside_the_gateway_is_called_through_it(gateway: World) -> None:
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("check", "--full").code == 5
    assert gateway.cli("start").code == 0
    data = checked(gateway, "--full", "--stream")
    assert [(m["name"], m["verdict"], m["stream"]) for m in _named(data)] == [
        ("demo/demo", "works", True)
    ]


def _named(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": f"{m['provider']}/{m['model']}", **m} for m in data["models"]]


def test_real_traffic_counts_as_proof(lab: World, serve: Callable[[], FakeServer]) -> None:
    line = {"time": "2026-09-01T10:00:00+00:00", "provider": "lab", "latency": 0.5, "stream": True}
    lines = [
        {**line, "model": "a", "status": 200},
        {**line, "model": "b", "status": 429},
        {**line, "model": "c", "status": 200, "time": "yesterday"},
    ]
    text = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in lines)
    log = lab.workspace / "state" / "requests.jsonl"
    log.write_text(text + '{"status":200 and cut sh')
    rows = json.loads(lab.cli("list", "--json").out)["models"]
    assert [row["proven"] for row in rows] == ["2026-09-01", "", ""]
    lab.cli("check", "c")
    assert set(proven(lab)) == {"lab/a", "lab/c"}
    assert proven(lab)["lab/a"]["by"] == "traffic"
