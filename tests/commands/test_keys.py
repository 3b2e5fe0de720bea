"""`keys`: typed unseen, checked with the provider, kept in .env, never shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from calls import result
from fakes import FakeServer, Reply, completion, openai_list, openrouter

if TYPE_CHECKING:
    from conftest import Ran, World

KEY = "sk-canary-0123456789"


@pytest.fixture
def routed(world: World, server: FakeServer) -> World:
    """OpenRouter is set up without a key, and accepts one."""
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers("providers:\n  - {type: openrouter, api_key: '${OPENROUTER_API_KEY}'}\n")
    return world


def env_file(world: World) -> str:
    path = world.workspace / ".env"
    return path.read_text() if path.exists() else ""


def set_key(world: World, key: str, *more: str, **environ: str) -> Ran:
    return world.process("keys", "set", "openrouter", *more, stdin=key, **environ)


def test_a_key_that_works_is_stored_privately_beside_the_others(routed: World) -> None:
    (routed.workspace / ".env").write_text("# mine\nOTHER=1\n")
    ran = set_key(routed, f"{KEY}\n")
    assert ran == (
        0,
        "OpenRouter: key works, 3 models, 2 of them free\nStored as OPENROUTER_API_KEY in .env.\n",
        "",
    )
    assert env_file(routed) == f"# mine\nOTHER=1\nOPENROUTER_API_KEY={KEY}\n"
    assert (routed.workspace / ".env").stat().st_mode & 0o777 == 0o600


def test_a_refused_key_is_not_stored(routed: World) -> None:
    ran = set_key(routed, "sk-wrong-0123456789")
    assert (ran.code, ran.out, ran.err) == (
        5,
        "",
        (
            'OpenRouter refused this key (401). It says: "Incorrect API key".\n'
            "It was not stored.\nKeys are made at https://openrouter.ai/settings/keys\n"
        ),
    )
    assert env_file(routed) == ""


def test_a_key_that_could_not_be_checked_is_stored_with_the_doubt(
    routed: World, server: FakeServer
) -> None:
    server.replies["/api/v1/key"] = Reply({}, status=500)
    ran = set_key(routed, KEY)
    assert (ran.code, ran.out) == (
        0,
        (
            "OpenRouter is failing (500).\n"
            "It does not look like a key of OpenRouter.\n"
            "Stored as OPENROUTER_API_KEY in .env.\n"
        ),
    )
    assert KEY in env_file(routed)


def test_a_key_of_the_right_shape_is_not_wondered_at(routed: World, server: FakeServer) -> None:
    server.replies["/api/v1/key"] = Reply({}, status=500)
    assert "look like" not in set_key(routed, "sk-or-v1-" + "0" * 64).out


def test_a_good_verdict_that_costs_a_chat_is_kept_for_a_day(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/v1/models"] = openai_list("Qwen/Qwen3")
    server.replies["/v1/chat/completions"] = Reply(completion("x"), keys=("ms-canary-000000",))
    world.override("modelscope", base_url=f"{server.url}/v1")
    world.providers("providers: [{type: modelscope}]\n")
    monkeypatch.setenv("MODELSCOPE_API_KEY", "ms-canary-000000")
    first = world.cli("keys", "check", "modelscope")
    again = world.cli("keys", "check", "modelscope")
    assert (first.code, first.out) == (0, "ModelScope: key works, 1 model\n")
    assert (again.code, again.out) == (0, "ModelScope: key works, 1 model (asked 0 min ago)\n")
    assert sum(seen.method == "POST" for seen in server.seen) == 1
    monkeypatch.setenv("MODELSCOPE_API_KEY", "ms-canary-111111")
    assert world.cli("keys", "check", "modelscope").code == 1
    assert world.cli("keys", "check", "modelscope").code == 1
    assert sum(seen.method == "POST" for seen in server.seen) == 3
    assert "canary" not in str(world.written())


def test_unchecked_asks_nobody(routed: World, server: FakeServer) -> None:
    ran = set_key(routed, "sk-anything", "--unchecked", "--json")
    assert json.loads(ran.out) == {
        "provider": "openrouter",
        "variable": "OPENROUTER_API_KEY",
        "verdict": "unchecked",
    }
    assert server.seen == []
    assert "OPENROUTER_API_KEY=sk-anything\n" in env_file(routed)


def test_another_key_in_the_environment_is_warned_of(routed: World) -> None:
    ran = set_key(routed, KEY, OPENROUTER_API_KEY="sk-other-0123456789")
    assert ran.out.endswith(
        "OPENROUTER_API_KEY is also set in your environment, and that one wins.\n"
    )


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "No key was given.\nType it at the prompt, or: keys set openrouter < FILE\n"),
        ("\n", "The key is empty.\nPaste it again.\n"),
        (
            "sk-\x07bell\n",
            (
                "The key holds a line break or a control character.\n"
                "It was probably copied together with something else.\n"
                "Copy only the key and paste it again.\n"
            ),
        ),
    ],
)
def test_a_key_that_is_none_is_refused(
    routed: World, server: FakeServer, typed: str, message: str
) -> None:
    ran = set_key(routed, typed)
    assert (ran.code, ran.err) == (2, message)
    assert (env_file(routed), server.seen) == ("", [])


def test_a_key_that_the_provider_repeats_is_hidden(routed: World, server: FakeServer) -> None:
    said = {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    server.replies["/api/v1/key"] = Reply(said, status=401)
    stored = set_key(routed, KEY)
    checked = routed.process("keys", "check", "openrouter", OPENROUTER_API_KEY=KEY)
    typed = routed.process("keys", "check", "openrouter", "--ask", "--json", stdin=KEY)
    assert 'It says: "Incorrect API key provided: env:OPENROUTER_API_KEY".' in stored.err
    assert 'It says: "Incorrect API key provided: env:OPENROUTER_API_KEY".' in checked.err
    assert "env:OPENROUTER_KEY" in typed.out
    assert KEY not in f"{stored}{checked}{typed}{routed.written()}"


def test_a_literal_key_is_not_replaced_behind_the_users_back(world: World) -> None:
    path = world.providers(
        "providers:\n  - {type: oai, name: my-lab, api_base: 'http://x', api_key: k}\n"
    )
    ran = world.process("keys", "set", "my-lab", stdin=KEY)
    assert (ran.code, ran.err) == (
        2,
        (
            "The key of my-lab stands in providers.yaml itself, so no other one is used.\n"
            f"{path}:2:5.\nWrite `api_key: ${{MY_LAB_API_KEY}}` there instead.\n"
        ),
    )
    assert env_file(world) == ""


def test_a_server_without_a_variable_is_told_how_to_get_one(world: World) -> None:
    world.providers("providers:\n  - {type: oai, name: my-lab, api_base: 'http://x'}\n")
    ran = world.process("keys", "set", "my-lab", stdin=KEY)
    assert (ran.code, ran.err) == (
        2,
        (
            "my-lab has no variable for a key.\n"
            "Add `api_key: ${MY_LAB_API_KEY}` to it in providers.yaml.\n"
        ),
    )


def test_an_unknown_provider_is_not_found(world: World) -> None:
    world.providers("providers: []\n")
    ran = world.process("keys", "set", "openruter", stdin=KEY)
    assert (ran.code, ran.err) == (
        4,
        'There is no provider "openruter".\nDid you mean "openrouter"?\n',
    )


def test_the_configured_key_is_checked(routed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    ran = routed.cli("keys", "check", "openrouter")
    assert ran == (0, "OpenRouter: key works, 3 models, 2 of them free\n", "")
    assert env_file(routed) == ""


@pytest.mark.parametrize(("status", "code"), [(401, 1), (402, 1), (429, 5), (500, 5)])
def test_the_exit_code_tells_a_bad_key_from_doubt(
    routed: World,
    server: FakeServer,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: int,
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    server.replies["/api/v1/key"] = Reply({}, status=status)
    ran = routed.cli("keys", "check", "openrouter")
    assert (ran.code, ran.out) == (code, "")
    assert f"({status})" in ran.err


def test_a_missing_key_is_said_to_be_missing(routed: World) -> None:
    ran = routed.cli("keys", "check", "openrouter")
    assert ran.code == 3
    assert ran.err.startswith("openrouter needs ${OPENROUTER_API_KEY}, which is not set.\n")


def test_a_typed_key_is_checked_at_the_address_given(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("a", "b")
    server.replies["/v1/models"].keys = (KEY,)
    ran = world.process("keys", "check", "oai", "--ask", "--url", f"{server.url}/v1", stdin=KEY)
    assert ran == (0, "OpenAI-compatible server: key works, 2 models\n", "")
    assert KEY not in str(world.written())


def test_a_typed_key_needs_an_address(world: World) -> None:
    ran = world.process("keys", "check", "oai", "--ask", stdin=KEY)
    assert (ran.code, ran.err) == (
        2,
        "providers.yaml: oai has no address.\nAdd `api_base: http://…/v1`.\n",
    )


def test_the_gateways_own_key_is_shown_when_asked_for(world: World) -> None:
    world.providers("providers: []\n")
    ran = world.cli("keys", "show", "master")
    assert ran.code == 0
    assert f"LITELLM_MASTER_KEY={ran.out}" in env_file(world)
    as_json = world.cli("keys", "show", "master", "--json")
    assert ran.out.strip() not in as_json.out


def test_a_list_for_anyone_proves_no_key(world: World, server: FakeServer) -> None:
    server.replies["/v1/models"] = openai_list("lab-1")
    arguments = ("keys", "check", "oai", "--ask", "--url", f"{server.url}/v1")
    ran = world.process(*arguments, stdin=KEY)
    assert ran.code == 5
    assert ran.err == (
        "OpenAI-compatible server: answers, 1 model, but lists them to anyone, so nothing is known "
        "of the key.\n`freerouter ask` shows whether it works.\n"
    )
    server.replies["/v1/models"].keys = (KEY,)
    ran = world.process(*arguments, stdin=KEY)
    assert (ran.code, ran.out) == (0, "OpenAI-compatible server: key works, 1 model\n")


def test_the_check_tells_as_data_how_many_models_are_free(
    routed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    assert json.loads(routed.cli("keys", "check", "openrouter", "--json").out) == {
        "provider": "openrouter",
        "verdict": "works",
        "message": "OpenRouter: key works, 3 models, 2 of them free",
        "fix": "",
        "models": 3,
        "free": 2,
    }


# Out of the environment, and before the provider is there


def test_a_key_is_taken_from_a_variable_without_asking(
    routed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    ran = routed.cli("keys", "set", "openrouter", "--from-env", "MY_KEY")
    assert ran == (
        0,
        (
            "OpenRouter: key works, 3 models, 2 of them free\n"
            "Stored as OPENROUTER_API_KEY in .env.\n"
        ),
        "",
    )
    assert f"OPENROUTER_API_KEY={KEY}\n" in env_file(routed)


def test_the_variable_of_the_provider_itself_is_stored_too(
    routed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", f"{KEY} ")
    ran = routed.cli("keys", "set", "openrouter", "--from-env", "OPENROUTER_API_KEY")
    assert ran.out.endswith("Stored as OPENROUTER_API_KEY in .env.\n")
    assert f"OPENROUTER_API_KEY={KEY}\n" in env_file(routed)


def test_a_variable_that_is_not_set_is_named(routed: World, server: FakeServer) -> None:
    ran = routed.cli("keys", "set", "openrouter", "--from-env", "MY_KEY")
    assert (ran.code, ran.err) == (
        3,
        (
            "MY_KEY is not set in the environment.\n"
            "Set it, or leave --from-env out: then the key is asked for unseen.\n"
        ),
    )
    assert (env_file(routed), server.seen) == ("", [])


def test_a_refused_key_of_the_environment_is_not_stored_or_shown(
    routed: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "canary-wrong-key")
    said = {"error": {"message": "Incorrect API key provided: canary-wrong-key"}}
    server.replies["/api/v1/key"] = Reply(said, status=401)
    ran = routed.cli("keys", "set", "openrouter", "--from-env", "MY_KEY")
    assert ran.code == 5
    assert "canary" not in f"{ran}{env_file(routed)}"


def test_a_key_can_be_checked_and_stored_before_its_server_is_added(
    world: World, server: FakeServer
) -> None:
    world.providers("providers: []\n")
    server.replies["/v1/models"] = openai_list("a")
    server.replies["/v1/models"].keys = (KEY,)
    words = ("keys", "set", "oai", "--url", f"{server.url}/v1")
    refused = world.process(*words, stdin="sk-wrong-0123456789")
    assert (refused.code, env_file(world)) == (5, "")
    ran = world.process(*words, stdin=KEY)
    assert ran == (
        0,
        "OpenAI-compatible server: key works, 1 model\nStored as OAI_API_KEY in .env.\n",
        "",
    )
    add = ("providers", "add", "oai", "--url", f"{server.url}/v1", "--key-env", "OAI_API_KEY")
    assert world.cli(*add).code == 0
    assert world.cli("fetch").code == 0


def test_a_server_that_is_there_but_names_no_variable_is_told_how_also_with_an_address(
    world: World,
) -> None:
    world.providers("providers:\n  - {type: oai, name: my-lab, api_base: 'http://x'}\n")
    ran = world.process("keys", "set", "my-lab", "--url", "http://x", stdin=KEY)
    assert (ran.code, ran.err.splitlines()[0]) == (2, "my-lab has no variable for a key.")


# Taken out again


def test_a_key_is_taken_out_and_nothing_else(routed: World) -> None:
    path = routed.workspace / ".env"
    path.write_text("# mine\nOTHER=1\nexport OPENROUTER_API_KEY='x'  # old\n\n# end\n")
    path.chmod(0o644)
    ran = routed.cli("keys", "remove", "openrouter")
    assert ran == (0, "OPENROUTER_API_KEY taken out of .env.\n", "")
    assert env_file(routed) == "# mine\nOTHER=1\n\n# end\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_not_there_cannot_be_taken_out(
    routed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = routed.cli("keys", "remove", "openrouter")
    assert (ran.code, ran.err) == (
        4,
        "No key of openrouter is in .env (OPENROUTER_API_KEY).\n",
    )
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    ran = routed.cli("keys", "remove", "openrouter")
    assert ran.err.endswith("OPENROUTER_API_KEY is still set: environment.\n")


def test_a_key_that_the_environment_has_too_is_still_there(
    routed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    (routed.workspace / ".env").write_text("OPENROUTER_API_KEY=x\n")
    ran = routed.cli("keys", "remove", "openrouter")
    assert (ran.code, ran.out) == (
        0,
        ("OPENROUTER_API_KEY taken out of .env.\nOPENROUTER_API_KEY is still set: environment.\n"),
    )


@pytest.mark.parametrize(
    ("entry", "variable"),
    [
        ("{type: ollama}", "OLLAMA_API_KEY"),
        ("{type: openrouter}", "OPENROUTER_API_KEY"),
        ("{type: oai, name: lab, api_base: 'http://x'}", "LAB_API_KEY"),
        ("{type: oai, name: lab, api_base: 'http://x', api_key: '${MINE}'}", "MINE"),
    ],
)
def test_it_knows_under_which_name_a_key_is_kept(world: World, entry: str, variable: str) -> None:
    world.providers(f"providers:\n  - {entry}\n")
    (world.workspace / ".env").write_text(f"{variable}=x\nOTHER=y\n")
    name = "lab" if "lab" in entry else entry[7:-1]
    assert world.cli("keys", "remove", name).code == 0
    assert env_file(world) == "OTHER=y\n"


def test_a_literal_key_is_not_in_env(world: World) -> None:
    world.providers("providers:\n  - {type: openrouter, api_key: k}\n")
    ran = world.cli("keys", "remove", "openrouter")
    assert (ran.code, ran.err.splitlines()[0]) == (
        2,
        "The key of openrouter stands in providers.yaml itself, so no other one is used.",
    )


def test_a_first_key_is_taken_back_by_removing_it(routed: World) -> None:
    words = ("keys", "set", "openrouter", "--unchecked")
    assert result(*words, secret=KEY).undo == (("keys", "remove", "openrouter"),)
    assert result(*words, secret=KEY).undo == ()
