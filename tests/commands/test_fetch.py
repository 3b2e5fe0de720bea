"""`fetch`: from providers.yaml and what providers answer to config.yaml, or to a clear refusal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from alone import alone
from fakes import FakeServer, Reply, openai_list, openrouter, openrouter_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

CANARY = "sk-canary-0123456789"
OPENROUTER = "providers:\n  - {type: openrouter, api_key: '${OPENROUTER_API_KEY}'}\n"


@pytest.fixture
def routed(world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> World:
    """OpenRouter is set up, with a key in the environment."""
    openrouter(server)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers(OPENROUTER)
    monkeypatch.setenv("OPENROUTER_API_KEY", CANARY)
    return world


def lab(server: FakeServer, *models: str) -> str:
    """An OpenAI-compatible server, as a line of providers.yaml."""
    server.replies["/v1/models"] = openai_list(*models)
    return f"  - {{type: oai, name: lab, api_base: '{server.url}/v1'}}\n"


def config(world: World) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((world.workspace / "config.yaml").read_text())
    return data


def served(world: World) -> list[str]:
    return [row["model_name"] for row in alone(config(world))]


def bases(world: World) -> list[str]:
    return [row["litellm_params"]["api_base"] for row in alone(config(world))]


def test_only_free_models_are_written_where_models_have_prices(routed: World) -> None:
    ran = routed.cli("fetch")
    assert ran == (
        0,
        "OpenRouter: 3 models, 2 of them written (the free ones)\n2 models in config.yaml.\n",
        "",
    )
    assert served(routed) == ["meta/llama-3.3-70b:free", "qwen/qwen3-coder:free"]


def test_the_same_answers_make_the_same_bytes_and_no_backup(routed: World) -> None:
    routed.cli("fetch")
    before = (routed.workspace / "config.yaml").read_bytes()
    ran = routed.cli("fetch")
    assert ran.out.endswith("2 models in config.yaml (unchanged).\n")
    assert (routed.workspace / "config.yaml").read_bytes() == before
    assert not (routed.workspace / "backups").exists()


def test_the_bytes_are_the_same_whatever_order_python_gives_to_sets(
    routed: World, server: FakeServer
) -> None:
    texts = set()
    for seed in ("1", "2", "3"):
        (routed.workspace / "config.yaml").unlink(missing_ok=True)
        assert routed.process("fetch", "--fresh", PYTHONHASHSEED=seed).code == 0
        texts.add((routed.workspace / "config.yaml").read_bytes())
    assert len(texts) == 1


def test_a_config_that_changes_is_backed_up(routed: World, server: FakeServer) -> None:
    routed.cli("fetch")
    before = (routed.workspace / "config.yaml").read_text()
    rows = [openrouter_row("new/model:free", price="0")]
    server.replies["/api/v1/models"] = Reply({"data": rows})
    routed.cli("fetch")
    (kept,) = (routed.workspace / "backups").glob("config.yaml.backup.*")
    assert kept.read_text() == before


def test_a_config_that_is_no_text_any_more_is_replaced(routed: World) -> None:
    (routed.workspace / "config.yaml").write_bytes(b"\xff\xfe\xff")
    assert routed.cli("fetch").code == 0
    (kept,) = (routed.workspace / "backups").glob("config.yaml.backup.*")
    assert kept.read_bytes() == b"\xff\xfe\xff"


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        ("all", ["meta/llama-3.3-70b:free", "qwen/qwen3-coder:free", "openai/gpt-5"]),
        ("free", ["meta/llama-3.3-70b:free", "qwen/qwen3-coder:free"]),
        ("[openai/gpt-5]", ["openai/gpt-5"]),
    ],
)
def test_the_user_says_which_models(routed: World, rule: str, written: list[str]) -> None:
    routed.providers(f"providers:\n  - {{type: openrouter, options: {{models: {rule}}}}}\n")
    assert routed.cli("fetch").code == 0
    assert served(routed) == written


def test_a_model_that_is_not_there_is_named(routed: World) -> None:
    routed.providers("providers:\n  - {type: openrouter, options: {models: [a/b, openai/gpt-5]}}\n")
    ran = routed.cli("fetch")
    assert (ran.code, ran.err) == (
        5,
        (
            "OpenRouter has no model a/b.\n"
            "`freerouter list --provider openrouter` shows what it has.\n"
        ),
    )


def test_where_none_is_free_none_is_written(routed: World, server: FakeServer) -> None:
    rows = [openrouter_row("a/b"), openrouter_row("c/d", price="0")]
    server.replies["/api/v1/models"] = Reply({"data": rows})
    ran = routed.cli("fetch")
    assert (ran.code, ran.out, ran.err) == (
        5,
        "",
        (
            "OpenRouter: none of its 2 models is free, so none was written.\n"
            "`options: {models: all}` in providers.yaml takes those that cost money too.\n"
        ),
    )
    assert not (routed.workspace / "config.yaml").exists()


def test_the_demo_steps_aside_for_real_models(world: World, server: FakeServer) -> None:
    world.providers(f"providers:\n  - type: demo\n{lab(server, 'a')}")
    ran = world.cli("fetch")
    assert ran.out == (
        "lab: 1 model\nDemo: steps aside, there are real models.\n1 model in config.yaml.\n"
    )
    assert served(world) == ["a"]


def test_the_demo_stays_where_no_real_model_is_written(routed: World, server: FakeServer) -> None:
    server.replies["/api/v1/models"] = Reply({"data": [openrouter_row("a/b")]})
    routed.providers(OPENROUTER + "  - type: demo\n")
    ran = routed.cli("fetch")
    assert ran.out == "Demo: 1 model (demo: no real language model)\n1 model in config.yaml.\n"
    assert "none of its 1 model is free" in ran.err
    assert (ran.code, served(routed)) == (0, ["demo"])


def test_static_models_are_each_written_with_their_own_key(world: World) -> None:
    world.providers(
        "providers:\n"
        "  - {type: static, model_name: a, provider: openai, api_base: http://a/v1, api_key: k-1}\n"
        "  - {type: static, model_name: b, provider: groq, api_base: http://b/v1, api_key: k-2}\n"
    )
    assert world.cli("fetch").code == 0
    found = {row["model_name"]: row["litellm_params"] for row in alone(config(world))}
    assert found["a"]["api_key"] == "os.environ/FREEROUTER_KEY_STATIC"
    assert found["b"]["api_key"] == "os.environ/FREEROUTER_KEY_STATIC_2"
    assert (found["a"]["model"], found["b"]["model"]) == ("openai/a", "groq/b")
    assert (found["a"]["api_base"], found["b"]["api_base"]) == ("http://a/v1", "http://b/v1")


# What a provider does wrong


def refusal(world: World, server: FakeServer, reply: Reply, *more: str) -> str:
    """Standard error of a fetch whose only provider answers like that; nothing is written."""
    world.providers(f"providers:\n{lab(server)}")
    server.replies["/v1/models"] = reply
    before = world.written()
    ran = world.cli("fetch", *more)
    assert (ran.code, ran.out) == (5, "")
    assert world.written() == before
    return ran.err


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (
            Reply(b"<!doctype html><title>Log in</title>"),
            (
                "lab answered with a web page instead of a model list.\n"
                "A login page, a proxy or a wrong address does that.\n"
                "Check `api_base` and your network.\n"
            ),
        ),
        (
            Reply(b'{"data": ['),
            (
                "lab answered with broken JSON.\nExpecting value: line 1 column 11 (char 10). "
                "10 bytes came; the answer may have been cut off.\nTry again.\n"
            ),
        ),
        (Reply(b""), "lab answered with nothing.\nTry again later.\n"),
        (
            Reply({"data": []}),
            (
                "lab lists no chat model.\n"
                "The list at {url}/v1 is empty, or holds only models for other work.\n"
            ),
        ),
        (
            Reply({"message": "hello"}),
            (
                "lab answered, but not with a model list.\n"
                "What came has keys: message.\nCheck `api_base`.\n"
            ),
        ),
        (
            Reply({}, status=401),
            "lab refused this key (401).\n`freerouter keys set lab` stores another one.\n",
        ),
        (
            Reply({}, status=403),
            "lab refused this key (403).\n`freerouter keys set lab` stores another one.\n",
        ),
        (Reply({}, status=402), "lab wants payment first (402).\n"),
        (
            Reply({}, status=404),
            "lab has no model list at this address (404).\nCheck `api_base`.\n",
        ),
        (
            Reply({}, status=429, headers={"Retry-After": "30"}),
            "lab says too many requests (429).\nTry again in 30 s.\n",
        ),
        (Reply({}, status=500), "lab is failing (500).\nTry again later.\n"),
    ],
)
def test_a_wrong_answer_is_worded_and_nothing_is_written(
    world: World, server: FakeServer, reply: Reply, message: str
) -> None:
    assert refusal(world, server, reply) == message.format(url=server.url)


def test_an_answer_that_breaks_off_is_worded(world: World, server: FakeServer) -> None:
    error = refusal(world, server, Reply({"data": [{"id": "a"}]}, cut=5))
    assert error.startswith(f"lab gave no whole answer.\n{server.url}/v1/models: peer closed")


def test_a_provider_that_hangs_is_given_up(world: World, server: FakeServer) -> None:
    error = refusal(world, server, Reply({}, delay=60), "--timeout", "0.3")
    assert error == "lab did not answer within 0.3 s.\nTry again, or raise --timeout.\n"


def test_nothing_listens(world: World, free_port: int) -> None:
    base = f"http://127.0.0.1:{free_port}/v1"
    world.providers(f"providers:\n  - {{type: oai, name: lab, api_base: '{base}'}}\n")
    ran = world.cli("fetch")
    assert (ran.code, ran.err) == (
        5,
        (
            f"lab cannot be reached.\n{base}/models: nothing listens there (connection refused).\n"
            "Start that server.\n"
        ),
    )


def test_a_redirect_elsewhere_does_not_get_the_key(
    world: World, serve: Callable[[], FakeServer]
) -> None:
    here, elsewhere = serve(), serve()
    lab(elsewhere, "a")
    world.providers(
        f"providers:\n  - {{type: oai, api_base: '{here.url}/v1', api_key: '{CANARY}'}}\n"
    )
    there = f"{elsewhere.url}/v1/models"
    here.replies["/v1/models"] = Reply({}, status=307, headers={"Location": there})
    ran = world.cli("fetch")
    assert ran.code == 5
    assert "redirects to another host (127.0.0.1).\nThe key was not sent there.\n" in ran.err
    assert [s.key for s in here.seen] == [CANARY]
    assert elsewhere.seen == []


def test_all_failures_are_told_together(world: World, serve: Callable[[], FakeServer]) -> None:
    one, two = serve(), serve()
    second = lab(two).replace("name: lab", "name: attic")
    world.providers(f"providers:\n{lab(one)}{second}")
    one.replies["/v1/models"] = Reply({}, status=500)
    two.replies["/v1/models"] = Reply({}, status=402)
    ran = world.cli("fetch")
    assert (ran.code, ran.err) == (
        5,
        (
            "No provider gave a single model, so nothing was written.\n"
            "What they said:\n    lab is failing (500). Try again later.\n"
            "    attic wants payment first (402).\n\n"
            "Mend one of them, or `freerouter providers add demo` to see the gateway run.\n"
        ),
    )


@pytest.mark.parametrize("status", [200, 500])
def test_json_that_is_nested_without_end_is_worded(
    world: World, server: FakeServer, status: int
) -> None:
    # In a process of its own: the recursion limit takes coverage's tracer with it.
    world.providers(f"providers:\n{lab(server)}")
    server.replies["/v1/models"] = Reply(b"[" * 100_000, status=status)
    ran = world.process("fetch")
    said = {200: "lab answered with broken JSON.\n", 500: "lab is failing (500).\n"}
    assert ran.code == 5
    assert ran.err.startswith(said[status])


# A failure is the provider's own


def test_a_failed_provider_keeps_its_last_list_marked_stale(
    routed: World, serve: Callable[[], FakeServer], server: FakeServer
) -> None:
    other = serve()
    routed.providers(OPENROUTER + lab(other, "a", "b"))
    routed.cli("fetch")
    before = (routed.workspace / "config.yaml").read_bytes()
    other.replies["/v1/models"] = Reply({}, status=500)
    ran = routed.cli("fetch")
    assert ran == (
        0,
        (
            "OpenRouter: 3 models, 2 of them written (the free ones)\n"
            "lab: keeps its last 2 models, marked stale\n"
            "4 models in config.yaml (unchanged).\n"
        ),
        "lab is failing (500). Try again later.\n",
    )
    assert (routed.workspace / "config.yaml").read_bytes() == before
    rows = json.loads(routed.cli("list", "--json").out)["models"]
    assert {r["id"] for r in rows if r["stale"]} == {"a", "b"}
    other.replies["/v1/models"] = openai_list("a")
    ran = routed.cli("fetch")
    assert ran.out.endswith("lab: 1 model\nlab: 1 gone: b\n3 models in config.yaml.\n")
    rows = json.loads(routed.cli("list", "--json").out)["models"]
    assert not any(r["stale"] for r in rows)


def test_a_refused_key_leaves_the_last_list_and_names_the_next_command(
    routed: World, serve: Callable[[], FakeServer]
) -> None:
    other = serve()
    routed.providers(OPENROUTER + lab(other, "a"))
    routed.cli("fetch")
    before = (routed.workspace / "config.yaml").read_bytes()
    other.replies["/v1/models"] = Reply({}, status=401)
    ran = routed.cli("fetch")
    assert (ran.code, ran.err) == (
        0,
        "lab refused this key (401). `freerouter keys set lab` stores another one.\n",
    )
    assert "lab: keeps its last 1 model, marked stale\n" in ran.out
    assert (routed.workspace / "config.yaml").read_bytes() == before


def test_a_refused_key_is_told_in_the_list_until_one_is_taken(
    routed: World, serve: Callable[[], FakeServer]
) -> None:
    other = serve()
    routed.providers(OPENROUTER + lab(other, "a"))
    routed.cli("fetch")
    other.replies["/v1/models"] = Reply({}, status=401)
    routed.cli("fetch")
    advice = "lab refuses its key: `keys set lab` stores another one, then `fetch`.\n"
    shown = routed.cli("list").out
    assert "listed, key refused" in shown
    assert advice in shown
    rows = json.loads(routed.cli("list", "--json").out)["models"]
    assert {r["id"]: r["why"] for r in rows if r["stale"]} == {"a": "the key is refused"}
    routed.cli("fetch", "--provider", "openrouter")
    assert advice in routed.cli("list").out, "it was not asked again"
    routed.cli("select", "a")
    assert advice in routed.cli("list").out
    other.replies["/v1/models"] = Reply({}, status=500)
    routed.cli("fetch")
    shown = routed.cli("list").out
    assert "listed, stale" in shown
    assert "refuse" not in shown
    other.replies["/v1/models"] = openai_list("a")
    routed.cli("fetch")
    assert "stale" not in routed.cli("list").out


def test_strict_fails_if_any_provider_fails_but_writes_the_others(
    routed: World, serve: Callable[[], FakeServer]
) -> None:
    other = serve()
    routed.providers(OPENROUTER + lab(other))
    other.replies["/v1/models"] = Reply({}, status=500)
    ran = routed.cli("fetch", "--strict")
    assert (ran.code, len(served(routed))) == (5, 2)


def test_json_tells_who_failed_and_how(routed: World, serve: Callable[[], FakeServer]) -> None:
    other = serve()
    routed.providers(OPENROUTER + lab(other))
    other.replies["/v1/models"] = Reply({}, status=500)
    ran = routed.cli("fetch", "--json")
    assert json.loads(ran.out) == {
        "models": 2,
        "changed": True,
        "providers": [
            {"name": "openrouter", "models": 3, "ok": True, "left_out": {}},
            {"name": "lab", "models": 0, "ok": False, "left_out": {}},
        ],
        "withheld": {},
        "changes": {},
        "problems": [
            {
                "what": "lab is failing (500).",
                "why": "",
                "fix": "Try again later.",
                "kind": "ProviderError",
                "exit_code": 5,
            }
        ],
    }


@pytest.mark.parametrize("text", ["", "[]", '{"models": [1, {"provider": "lab"}]}'])
def test_a_damaged_list_of_models_is_made_again(
    world: World, server: FakeServer, text: str
) -> None:
    world.providers(f"providers:\n{lab(server, 'a')}")
    (world.workspace / "state").mkdir()
    (world.workspace / "state" / "models.json").write_text(text)
    assert world.cli("fetch").code == 0
    assert served(world) == ["a"]


def test_a_server_is_kept_where_it_answered_also_while_it_is_down(
    world: World, server: FakeServer
) -> None:
    lab(server, "a")
    world.providers(f"providers:\n  - {{type: oai, name: lab, api_base: '{server.url}'}}\n")
    world.cli("fetch")
    assert bases(world) == [f"{server.url}/v1"]
    server.replies["/v1/models"] = Reply({}, status=500)
    assert world.cli("fetch").code == 5
    assert bases(world) == [f"{server.url}/v1"]


# What the user wrote


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "providers: []\n",
            3,
            (
                "No provider is switched on in providers.yaml.\n"
                "`freerouter providers add NAME` adds "
                "one; `freerouter init --wizard` asks.\n"
            ),
        ),
        (
            "providers:\n  - {type: demo, enabled: false}\n",
            3,
            (
                "No provider is switched on in providers.yaml.\n"
                "`freerouter providers add NAME` adds "
                "one; `freerouter init --wizard` asks.\n"
            ),
        ),
        (
            "providers:\n  - type: openruter\n",
            2,
            '{path}:2:5: unknown provider type "openruter".\nDid you mean "openrouter"?\n',
        ),
        (
            "providers:\n  - {type: openrouter, api_key: '${MY_KEY}'}\n",
            3,
            (
                "openrouter needs ${MY_KEY}, which is not set.\n"
                "{path}:2:5: it is neither in the environment nor in .env.\n"
                "`keys set openrouter` stores it, "
                "or switch the provider off with `enabled: false`.\n"
            ),
        ),
        (
            "providers:\n  - {type: oai, api_base: 'http://lab:70000/v1'}\n",
            2,
            (
                "{path}:2:5: the api_base of oai is not a web address.\n"
                "It starts with http:// or https://.\n"
            ),
        ),
    ],
)
def test_what_lacks_something_is_refused_before_anything_is_asked(
    world: World, text: str, code: int, message: str
) -> None:
    path = world.providers(text)
    ran = world.cli("fetch")
    assert (ran.code, ran.out) == (code, "")
    assert ran.err == message.replace("{path}", str(path))


def test_without_a_configuration_the_way_to_one_is_told(world: World) -> None:
    ran = world.cli("fetch")
    assert (ran.code, ran.err) == (
        3,
        (
            "Nothing is configured yet.\nThere is no ~/.config/freerouter/providers.yaml.\n"
            "`freerouter init --wizard` sets everything up.\n"
        ),
    )


def test_a_key_with_a_newline_is_refused_unseen(
    routed: World, monkeypatch: pytest.MonkeyPatch, server: FakeServer
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", f"{CANARY}\nX-Evil: 1")
    ran = routed.cli("fetch")
    assert ran.code == 3
    assert ran.err.startswith(
        "The key of OpenRouter (OPENROUTER_API_KEY) cannot be used: "
        "The key holds a line break or a control character.\n"
    )
    assert CANARY not in ran.err
    assert server.seen == []


def test_variables_and_defaults_stand_anywhere_in_an_address(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab(server, "a")
    monkeypatch.setenv("LAB_PORT", str(server.port))
    world.providers(
        "providers:\n  - {type: oai, api_base: 'http://${LAB_HOST:-127.0.0.1}:${LAB_PORT}/v1'}\n"
    )
    assert world.cli("fetch").code == 0
    assert served(world) == ["a"]
    assert bases(world) == ["os.environ/FREEROUTER_BASE_OAI"]


def test_an_address_that_was_completed_by_hand_is_not_completed_twice(
    world: World, server: FakeServer
) -> None:
    lab(server, "a")
    text = f"providers:\n  - {{type: oai, name: lab, api_base: '{server.url}'}}\n"
    world.providers(text)
    world.cli("fetch")
    world.providers(text.replace(server.url, f"{server.url}/v1"))
    server.replies["/v1/models"] = Reply({}, status=500)
    world.cli("fetch")
    assert bases(world) == [f"{server.url}/v1"]


def test_the_users_settings_for_litellm_are_merged(world: World) -> None:
    world.providers(
        "litellm:\n  router_settings: {num_retries: 3}\n  general_settings:\n"
        "providers:\n  - type: demo\n"
    )
    assert world.cli("fetch").code == 0
    found = config(world)
    assert found["router_settings"]["num_retries"] == 3
    assert found["router_settings"]["cooldown_time"] == 30
    assert found["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"


def test_a_file_where_the_state_should_be_stays_and_is_named(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    (world.workspace / "state").write_text("mine")
    ran = world.cli("fetch")
    assert (ran.code, ran.err) == (
        2,
        (
            f"Cannot write {world.workspace}/state/keys.json.\n"
            "A file stands where its directory should be.\n"
            "Nothing was changed. Move that file away and try again.\n"
        ),
    )
    assert (world.workspace / "state").read_text() == "mine"
    assert not (world.workspace / "config.yaml").exists()


# No secret is written or shown


def assert_hidden(world: World, *shown: str, but: str = "") -> None:
    for path, text in world.written().items():
        assert CANARY not in text or path.endswith(but or "nowhere"), path
    assert not any(CANARY in text for text in shown)


def test_a_key_of_the_environment_is_nowhere(routed: World, server: FakeServer) -> None:
    ran = routed.cli("fetch")
    server.replies["/api/v1/models"] = Reply(
        {"error": {"message": f"Incorrect API key provided: {CANARY}"}}, status=401
    )
    refused = routed.cli("fetch")
    assert refused.code == 5
    assert 'It says: "Incorrect API key provided: env:OPENROUTER_API_KEY".' in refused.err
    as_json = routed.cli("fetch", "--json")
    assert "env:OPENROUTER_API_KEY" in as_json.out
    assert_hidden(routed, *map(str, (ran, refused, as_json)))


def test_a_literal_key_goes_by_reference_and_stays_in_providers_yaml(
    world: World, server: FakeServer
) -> None:
    lab(server, "a")
    base = f"{server.url}/v1"
    text = f"providers:\n  - {{type: oai, name: my-lab, api_base: '{base}', api_key: {CANARY}}}\n"
    world.providers(text)
    ran = world.cli("fetch")
    params = alone(config(world))[0]["litellm_params"]
    assert params["api_key"] == "os.environ/FREEROUTER_KEY_MY_LAB"
    assert server.seen[0].key == CANARY
    world.providers(text.replace("my-lab", "other"))
    again = world.cli("fetch")
    assert len(list((world.workspace / "backups").glob("config.yaml.*"))) == 1
    assert_hidden(world, str(ran), str(again), but="providers.yaml")


def test_a_password_in_an_address_is_neither_written_nor_shown(
    world: World, server: FakeServer
) -> None:
    lab(server, "a")
    base = server.url.replace("http://", f"http://me:{CANARY}@") + "/v1"
    world.providers(f"providers:\n  - {{type: oai, name: lab, api_base: '{base}'}}\n")
    good = world.cli("fetch")
    assert (good.code, bases(world)) == (0, ["os.environ/FREEROUTER_BASE_LAB"])
    assert server.seen[0].key.startswith("Basic ")
    server.replies["/v1/models"] = Reply({"data": []})
    empty = world.cli("fetch", "--json")
    server.close()
    down = world.cli("fetch")
    assert_hidden(world, *map(str, (good, empty, down)), but="providers.yaml")


def test_the_demo_does_not_hide_that_no_provider_answered(world: World, server: FakeServer) -> None:
    entry = f"  - {{type: oai, name: lab, api_base: '{server.url}/v1'}}\n"
    world.providers(f"providers:\n  - type: demo\n{entry}")
    ran = world.cli("fetch")
    assert ran.code == 5
    assert ran.out.endswith("1 model in config.yaml.\n")
    assert "lab has no model list at this address (404)" in ran.err


def test_an_option_that_nobody_knows_is_told_of(world: World) -> None:
    world.providers("providers:\n  - {type: demo, options: {temperature: 1}}\n")
    ran = world.cli("fetch")
    assert (ran.code, ran.err) == (0, "Demo: the option temperature is not used.\n")


def test_servers_of_this_machine_are_not_asked_through_a_proxy(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/v1/models"] = openai_list("near")
    world.providers(f"providers:\n  - {{type: oai, name: lab, api_base: '{server.url}/v1'}}\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    ran = world.cli("fetch")
    assert (ran.code, ran.out) == (0, "lab: 1 model\n1 model in config.yaml.\n")
