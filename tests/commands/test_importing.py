"""`import`: what other tools have comes in, and what is here already stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fakes import FakeServer, Reply
from hypothesis import given
from hypothesis import settings as settings_of_search
from hypothesis import strategies as st

from freerouter.commands.importing import merge
from freerouter.config.providers_file import read_providers
from freerouter.config.yaml_file import dump_yaml, parse_yaml
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.from_litellm import read_litellm
from freerouter.providers.imported import Imported

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

ROUTER = {
    "Providers": [
        {
            "name": "groq",
            "api_base_url": "https://api.groq.com/openai/v1/chat/completions",
            "api_key": "gsk_canary0123456789abcdef",
            "models": ["a", "b"],
        }
    ]
}
LITELLM = "model_list: [{model_name: a, litellm_params: {model: groq/a}}]\n"


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def router(world: World) -> Path:
    return put(world.home / ".claude-code-router" / "config.json", json.dumps(ROUTER))


def settings(world: World) -> Any:
    return parse_yaml((world.workspace / "providers.yaml").read_bytes(), "").data


def test_providers_models_and_keys_come_in_and_the_file_is_only_read(
    world: World, router: Path
) -> None:
    before = router.read_bytes()
    ran = world.cli("import", "claude-code-router", "--yes")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[:4] == [
        "This will be done:",
        "  store GROQ_API_KEY in .env",
        "  add provider groq",
        "  add select.groq: 2 models",
    ]
    assert settings(world) == {
        "version": 1,
        "providers": [{"type": "groq", "api_key": "${GROQ_API_KEY}"}],
        "select": {"groq": ["a", "b"]},
    }
    assert router.read_bytes() == before
    assert world.cli("import", "claude-code-router").out == "Nothing to import.\n"


def test_the_key_stands_in_env_and_nowhere_else(world: World, router: Path) -> None:
    ran = world.cli("import", "claude-code-router", "--yes")
    holders = {path for path, text in world.written().items() if "canary" in text}
    assert holders == {str(router), str(world.workspace / ".env")}
    assert (world.workspace / ".env").stat().st_mode & 0o777 == 0o600
    assert "canary" not in ran.out + ran.err


@pytest.mark.parametrize(("words", "code"), [(("--dry-run",), 0), ((), 2)])
def test_nothing_is_done_without_a_yes(
    world: World, router: Path, words: tuple[str, ...], code: int
) -> None:
    before = world.written()
    assert world.cli("import", "claude-code-router", *words).code == code
    assert world.written() == before


def test_what_is_here_stays_as_it_is(world: World, router: Path) -> None:
    path = world.providers("# mine\nproviders:\n- {type: groq, api_key: '${MINE}'}  # my own\n")
    put(world.workspace / ".env", "GROQ_API_KEY=one-of-mine\n")
    before = path.read_text()
    ran = world.cli("import", "claude-code-router", "--yes")
    assert ran.out == "Nothing to import.\n"
    assert path.read_text() == before
    assert "groq is in providers.yaml already, and was left as it is." in ran.err
    assert "GROQ_API_KEY is set already to another key, and was left as it is." in ran.err
    assert "groq serves what its own rule says" in ran.err


def test_without_a_source_it_lists_what_there_is(world: World, router: Path) -> None:
    put(world.cwd / "litellm_config.yaml", LITELLM)
    put(world.cwd / ".env", "XAI_API_KEY=a-canary\n")
    put(world.home / ".config" / "io.datasette.llm" / "keys.json", "{")
    before = world.written()
    ran = world.cli("import")
    assert ran.code == 0
    rows = {line.split()[0]: line for line in ran.out.splitlines()[1:5]}
    assert "1 provider, 1 key, 2 models" in rows["claude-code-router"]
    assert "keys.json is no JSON that can be read." in rows["llm"]
    assert "1 provider, 1 model" in rows["litellm"]
    assert "1 provider, 1 key" in rows[".env"]
    assert world.written() == before
    assert "canary" not in ran.out


def test_where_nothing_lies_about_it_says_so(world: World) -> None:
    ran = world.cli("import")
    assert ran.code == 4
    assert "Nothing to import was found" in ran.err


@pytest.mark.parametrize("name", ["nope", "claude-code-ruoter", "aider"])
def test_a_source_that_is_not_there_is_told(world: World, name: str) -> None:
    ran = world.cli("import", name)
    assert ran.code == 4
    expected = {
        "nope": "Tools that are known: claude-code-router, aider, llm, litellm.",
        "claude-code-ruoter": 'Did you mean "claude-code-router"?',
        "aider": "aider has no settings in its usual place.",
    }
    assert expected[name] in ran.err


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("notes.txt", "hello\n", "notes.txt is in no format that is known."),
        ("x.yaml", "providers: [{type: demo}]\n", "x.yaml is a set-up of FreeRouter."),
        ("x.yaml", "a: 1\n", "x.yaml is in no format that is known."),
        ("x.yaml", "model_list: [\n", "x.yaml:2:1"),
        ("x.json", "{", "x.json is no JSON that can be read."),
        ("litellm.yaml", "model_list: 3\n", "litellm.yaml has no model_list."),
    ],
)
def test_a_file_that_is_none_of_theirs_is_refused(
    world: World, name: str, text: str, words: str
) -> None:
    put(world.cwd / name, text)
    ran = world.cli("import", name, "--yes")
    assert ran.code == 2
    assert words in ran.err
    assert not (world.workspace / "providers.yaml").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("any.yaml", LITELLM),
        ("any.json", json.dumps(ROUTER)),
        ("keys.json", '{"groq": "gsk-canary"}'),
        (".aider.conf.yml", "api-key: [groq=gsk-canary]\n"),
        ("prod.env", "GROQ_API_KEY=gsk-canary\n"),
        ("variables", "export GROQ_API_KEY='gsk-canary'\n"),
    ],
)
def test_a_file_is_known_by_its_name_or_by_what_stands_in_it(
    world: World, name: str, text: str
) -> None:
    put(world.cwd / name, text)
    assert world.cli("import", name, "--yes").code == 0
    assert settings(world)["providers"][0]["type"] == "groq"


def test_a_path_may_begin_at_home(world: World) -> None:
    put(world.home / "x.env", "GROQ_API_KEY=gsk-canary\n")
    assert world.cli("import", "~/x.env", "--yes").code == 0


def test_aiders_files_are_read_from_home_repository_and_here(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(world.home / ".aider.conf.yml", "openai-api-key: home-canary\n")
    (world.cwd / ".git").mkdir()
    put(world.cwd / ".aider.conf.yml", "anthropic-api-key: top-canary\n")
    below = put(
        world.cwd / "below" / ".env", "OPENAI_API_KEY=below-canary\nGROQ_API_KEY=g\n"
    ).parent
    monkeypatch.chdir(below)
    assert world.cli("import", "aider", "--yes").code == 0
    env = (world.workspace / ".env").read_text()
    assert "OPENAI_API_KEY=home-canary" in env
    assert "ANTHROPIC_API_KEY=top-canary" in env
    assert "GROQ_API_KEY=g\n" in env


def test_llms_files_may_be_elsewhere(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path / "llm"))
    put(
        tmp_path / "llm" / "extra-openai-models.yaml",
        "- {model_id: m, api_base: 'http://lab/v1'}\n",
    )
    assert world.cli("import", "llm", "--yes").code == 0
    assert settings(world)["select"] == {"m": ["m"]}


def test_what_was_generated_here_is_no_source(world: World) -> None:
    put(world.workspace / "providers.yaml", "providers: [{type: demo}]\n")
    assert world.cli("fetch").code == 0
    assert world.cli("import", "litellm").code == 4


def test_init_names_import_where_other_tools_have_keys(world: World, router: Path) -> None:
    ran = world.cli("init")
    assert "Keys of other tools are here (claude-code-router): `freerouter import`." in ran.out


def test_init_names_migrate_for_a_file_of_the_original(world: World) -> None:
    world.providers("providers: []\n")
    assert "`freerouter migrate` brings it to today's." in world.cli("init").out
    world.providers("version: 1\nproviders: []\n")
    assert "migrate" not in world.cli("init").out


def test_the_first_wizard_names_both(world: World, router: Path) -> None:
    world.providers("providers: [{type: demo}]\n")
    data = json.loads(world.cli("where", "--json").out)
    assert data["old"] is True
    assert data["others"] == "claude-code-router"


# How two set-ups are joined.

FOUND = Imported(
    entries=({"type": "groq", "api_key": "${GROQ_API_KEY}"},),
    keys={"GROQ_API_KEY": "k"},
    select={"groq": ("a", "b")},
    litellm={"router_settings": {"num_retries": 2, "timeout": 3}},
)


def test_into_nothing_all_of_it_comes() -> None:
    merged = merge({}, FOUND, {})
    assert merged.settings == {
        "providers": [{"type": "groq", "api_key": "${GROQ_API_KEY}"}],
        "select": {"groq": ["a", "b"]},
        "litellm": {"router_settings": {"num_retries": 2, "timeout": 3}},
    }
    assert merged.keys == {"GROQ_API_KEY": "k"}
    assert merged.told == ()


def test_a_second_time_nothing_changes() -> None:
    once = merge({}, FOUND, {})
    twice = merge(once.settings, FOUND, once.keys)
    assert (twice.settings, twice.keys, twice.told) == (once.settings, {}, ())


def test_a_selection_is_added_to_and_a_setting_is_not_replaced() -> None:
    there = {
        "providers": [{"type": "groq"}],
        "select": {"groq": ["b", "c"]},
        "litellm": {"router_settings": {"timeout": 9}},
    }
    merged = merge(there, FOUND, {"GROQ_API_KEY": "k"})
    assert merged.settings["select"] == {"groq": ["b", "c", "a"]}
    assert merged.settings["litellm"] == {"router_settings": {"timeout": 9, "num_retries": 2}}
    assert merged.told == (
        "litellm.router_settings.timeout is set already, and was left as it is.",
    )
    assert there["select"] == {"groq": ["b", "c"]}


def test_models_that_are_named_one_by_one_are_told_apart() -> None:
    row = {"type": "static", "model_name": "a", "provider": "vertex_ai"}
    found = Imported(entries=(row, {**row, "model_name": "b"}))
    merged = merge({"providers": [row]}, found, {})
    assert [r["model_name"] for r in merged.settings["providers"]] == ["a", "b"]


def test_a_server_that_is_here_under_another_name_is_not_added_again() -> None:
    row = {"type": "oai", "name": "lab", "api_base": "http://lab/v1"}
    there = {"providers": [row], "select": {"lab": ["a"]}}
    found = Imported(entries=({**row, "name": "lab-2"},), select={"lab-2": ("b",)})
    merged = merge(there, found, {})
    assert merged.settings == {"providers": [row], "select": {"lab": ["a", "b"]}}
    assert merged.told == ()


def test_another_server_of_a_name_that_is_taken_gets_one_of_its_own() -> None:
    there = {"providers": [{"type": "groq"}, {"type": "demo", "name": "groq-2"}]}
    row = {"type": "oai", "name": "groq", "api_base": "http://proxy/v1"}
    found = Imported(entries=(row,), select={"groq": ("a",)})
    merged = merge(there, found, {})
    assert merged.settings["providers"][-1] == {**row, "name": "groq-3"}
    assert merged.settings["select"] == {"groq-3": ["a"]}
    again = merge(merged.settings, found, {})
    assert again.settings == merged.settings


def test_a_file_that_is_made_names_its_schema_for_editors(world: World) -> None:
    put(world.cwd / "litellm.yaml", LITELLM)
    assert world.cli("import", "litellm", "--yes").code == 0
    path = world.workspace / "providers.yaml"
    first, _, rest = path.read_text().partition("\n")
    assert first == "# yaml-language-server: $schema=state/providers.schema.json"
    assert (path.parent / "state/providers.schema.json").is_file()
    assert rest.startswith("version: 1\n")


def test_a_variable_that_is_set_nowhere_is_told(world: World) -> None:
    put(world.cwd / "litellm.yaml", LITELLM.replace("groq/a", "groq/a, api_key: os.environ/MINE"))
    ran = world.cli("import", "litellm", "--yes")
    assert ran.code == 0
    assert ran.err == "MINE is not set here: put it into .env or the environment.\n"


@pytest.mark.gateway
def test_a_model_is_still_answered_to_by_the_name_that_litellm_had_for_it(
    gateway: World, server: FakeServer
) -> None:
    message = {"role": "assistant", "content": "hello from the lab"}
    answer = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "big",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    server.replies["/v1/models"] = Reply({"data": [{"id": "big"}]})
    server.replies["/v1/chat/completions"] = Reply(answer, keys=("a-canary-of-the-lab",))
    put(
        gateway.cwd / "lab.yaml",
        "model_list:\n- model_name: mine\n  litellm_params:\n"
        f"    {{model: openai/big, api_base: '{server.url}/v1', api_key: a-canary-of-the-lab}}\n",
    )
    assert gateway.cli("import", "lab.yaml", "--yes").code == 0
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start").code == 0
    key = gateway.cli("keys", "show", "master").out.strip()
    port = settings(gateway)["gateway"]["port"]
    answered = httpx.post(
        f"http://127.0.0.1:{port}/v1/chat/completions",
        json={"model": "mine", "messages": [{"role": "user", "content": "hello"}]},
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    )
    assert answered.json()["choices"][0]["message"]["content"] == "hello from the lab"
    assert [seen.body["model"] for seen in server.seen if seen.method == "POST"] == ["big"]


def test_the_first_wizard_says_so_before_it_asks(world: World, router: Path) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert world.cli("fetch").code == 0
    ran = world.cli("init", "--wizard", "--yes", "--dry-run", "--set", "providers=demo")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[1:3] == [
        "It is of an earlier version: `freerouter migrate` brings it to today's.",
        "Keys of other tools are here (claude-code-router): `freerouter import` takes them over.",
    ]


# Whatever stands in a configuration of LiteLLM's, what comes of it can be read and holds no key.

CATALOGUE = Catalogue()
name = st.text("abcdef-. /:é", min_size=1, max_size=8)
params = st.fixed_dictionaries(
    {
        "model": st.builds(
            "".join,
            st.tuples(st.sampled_from(("", "groq/", "openai/", "vertex_ai/", "ollama/")), name),
        )
    },
    optional={
        "api_base": st.sampled_from(
            (
                "http://a.example/v1",
                "http://a.example:8000/v1",
                "http://127.0.0.1:1/v1",
                "https://api.groq.com/openai/v1",
                "os.environ/SOMEWHERE",
            )
        ),
        "api_key": st.sampled_from(("canary-one", "canary-two", "os.environ/MINE", "none")),
        "rpm": st.integers(1, 3),
    },
)
configurations = st.fixed_dictionaries(
    {
        "model_list": st.lists(
            st.fixed_dictionaries({"model_name": name, "litellm_params": params}), max_size=5
        )
    },
    optional={
        "router_settings": st.dictionaries(name, name, max_size=2),
        "general_settings": st.fixed_dictionaries({}, optional={"master_key": name}),
        "litellm_settings": st.just({"redis_password": "canary-three"}),
    },
)


@settings_of_search(max_examples=60)
@given(configurations)
def test_whatever_litellm_serves_comes_in_whole_once_and_without_a_key(
    configuration: dict[str, Any],
) -> None:
    document = parse_yaml(dump_yaml(configuration).encode(), "config.yaml")
    found = read_litellm(document, CATALOGUE)
    once = merge({}, found, {})
    text = dump_yaml(once.settings)
    assert "canary" not in text
    file = read_providers(parse_yaml(text.encode(), "providers.yaml"))
    assert set(file.select) <= {entry.name for entry in file.entries}
    twice = merge(once.settings, found, once.keys)
    assert (twice.settings, twice.keys) == (once.settings, {})


def test_a_key_in_clear_is_moved_before_anything_is_imported(world: World, router: Path) -> None:
    path = world.providers("providers: [{type: xai, api_key: xai-canary-in-clear}]\n")
    before = path.read_text()
    ran = world.cli("import", "claude-code-router", "--yes")
    assert ran.code == 2
    assert "`freerouter migrate` moves it to .env." in ran.err
    assert path.read_text() == before
    assert not (world.workspace / "backups").exists()
    assert world.cli("migrate", "--yes").code == 0
    assert world.cli("import", "claude-code-router", "--yes").code == 0
