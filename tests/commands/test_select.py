"""`select`: the models that the gateway serves are chosen from the last lists, without asking."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
import yaml
from alone import alone
from calls import providers_file, result, workspace
from fakes import TOKEN, FakeServer, openai_list, openrouter

from freerouter.process.identity import started_at
from freerouter.process.record import GatewayRecord, write_record

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from conftest import World


LLAMA, QWEN, PAID = "meta/llama-3.3-70b:free", "qwen/qwen3-coder:free", "openai/gpt-5"
WRITTEN = """\
# mine
providers:
  - {type: openrouter, api_key: sk-canary-000000}  # the good one
  # at work
  - {type: oai, name: lab, api_base: 'URL/v1'}
  - {type: oai, name: attic, api_base: 'URL/attic/v1', enabled: false}

# the end
"""


@pytest.fixture
def fetched(world: World, serve: Callable[[], FakeServer]) -> World:
    """OpenRouter (two free models, one that costs) and a lab (a, b and one of OpenRouter's)."""
    server, lab = openrouter(serve()), serve()
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    lab.replies["/v1/models"] = openai_list("a", "b", PAID)
    world.providers(WRITTEN.replace("URL", lab.url))
    assert world.cli("fetch").code == 0
    server.close()
    lab.close()
    return world


def selected(world: World) -> dict[str, list[str]]:
    return {name: list(ids) for name, ids in providers_file(world).select.items()}


def served(world: World) -> list[str]:
    text = (world.workspace / "config.yaml").read_text()
    return [row["model_info"]["id"] for row in alone(yaml.safe_load(text))]


def select(world: World, *words: str) -> list[str]:
    """Select, and see what is served then."""
    ran = world.cli("select", *words)
    assert (ran.code, ran.err) == (0, "")
    return served(world)


def test_what_is_named_is_all_that_is_served(fetched: World) -> None:
    ran = fetched.cli("select", QWEN, "b")
    assert ran == (0, "2 models selected.\n2 models in config.yaml.\n", "")
    assert served(fetched) == [f"openrouter/{QWEN}", "lab/b"]
    assert selected(fetched) == {"openrouter": [QWEN], "lab": ["b"]}
    assert select(fetched, "a") == ["lab/a"]
    assert selected(fetched) == {"openrouter": [], "lab": ["a"]}


def test_the_data_tells_the_selection(fetched: World) -> None:
    assert json.loads(fetched.cli("select", "b", "a", "b", "--json").out) == {
        "selected": {"openrouter": [], "lab": ["b", "a"]},
        "models": 2,
        "changed": True,
    }
    again = json.loads(fetched.cli("select", "b", "a", "--json").out)
    assert again["changed"] is False


def test_the_rest_of_the_file_stays_as_it_was(fetched: World) -> None:
    path = fetched.workspace / "providers.yaml"
    before = path.read_text()
    select(fetched, "a", QWEN)
    assert path.read_text() == (
        f"{before}\nselect:\n  openrouter:\n    - {QWEN}\n  lab:\n    - a\n"
    )
    select(fetched, "--clear")
    assert path.read_text().rstrip() == before.rstrip()


def test_the_list_shows_what_is_served(fetched: World) -> None:
    before = json.loads(fetched.cli("list", "--json").out)["models"]
    select(fetched, "a")
    after = json.loads(fetched.cli("list", "--json").out)["models"]
    assert [{**row, "written": row["id"] == "a"} for row in before] == after


def test_an_id_that_two_have_means_both(fetched: World) -> None:
    assert select(fetched, PAID) == [f"openrouter/{PAID}", f"lab/{PAID}"]


@pytest.mark.parametrize(
    "words", [("lab/" + PAID,), (PAID, "--provider", "lab"), ("lab/" + PAID, "--provider", "lab")]
)
def test_the_provider_may_be_said(fetched: World, words: tuple[str, ...]) -> None:
    assert select(fetched, *words) == [f"lab/{PAID}"]


@pytest.mark.parametrize(
    ("words", "models"),
    [
        (("--free",), [f"openrouter/{LLAMA}", f"openrouter/{QWEN}"]),
        (("--free", "--limit", "1"), [f"openrouter/{LLAMA}"]),
        (
            ("--limit", "4"),
            [f"openrouter/{LLAMA}", f"openrouter/{QWEN}", f"openrouter/{PAID}", "lab/a"],
        ),
        (("--provider", "lab", "--limit", "2"), ["lab/a", "lab/b"]),
        (
            ("--provider", "openrouter", "--free", "--limit", "9"),
            [f"openrouter/{LLAMA}", f"openrouter/{QWEN}"],
        ),
    ],
)
def test_what_matches_is_selected_in_the_order_of_the_list(
    fetched: World, words: tuple[str, ...], models: list[str]
) -> None:
    assert select(fetched, *words) == models


def test_adding_begins_with_what_is_served_now(fetched: World) -> None:
    models = select(fetched, "--add", f"openrouter/{PAID}")
    assert models == [
        *(f"openrouter/{name}" for name in (LLAMA, QWEN, PAID)),
        *(f"lab/{name}" for name in ("a", "b", PAID)),
    ]
    assert selected(fetched) == {"openrouter": [LLAMA, QWEN, PAID]}
    select(fetched, "b")
    assert select(fetched, "--add", "a", "--provider", "lab") == ["lab/b", "lab/a"]
    assert select(fetched, "--add", "--free") == [
        f"openrouter/{LLAMA}",
        f"openrouter/{QWEN}",
        "lab/b",
        "lab/a",
    ]


def test_removing_leaves_the_others(fetched: World) -> None:
    assert select(fetched, "--remove", "a", f"lab/{PAID}") == [
        f"openrouter/{LLAMA}",
        f"openrouter/{QWEN}",
        "lab/b",
    ]
    assert selected(fetched) == {"lab": ["b"]}
    assert select(fetched, "--remove", "--provider", "openrouter") == ["lab/b"]
    assert selected(fetched) == {"lab": ["b"], "openrouter": []}


def test_forgetting_goes_back_to_each_providers_rule(fetched: World) -> None:
    before = served(fetched)
    select(fetched, "a")
    ran = fetched.cli("select", "--clear")
    assert ran.out == (
        "No selection any more: each provider's own rule counts.\n5 models in config.yaml.\n"
    )
    assert (served(fetched), selected(fetched)) == (before, {})
    select(fetched, "a")
    assert select(fetched, "--clear", "--provider", "openrouter") == [
        f"openrouter/{LLAMA}",
        f"openrouter/{QWEN}",
        "lab/a",
    ]


def test_a_selection_survives_fetching(fetched: World, server: FakeServer) -> None:
    select(fetched, "lab/a", LLAMA)
    openrouter(server)
    fetched.override("openrouter", base_url=f"{server.url}/api/v1")
    fetched.cli("fetch")
    assert served(fetched) == [f"openrouter/{LLAMA}", "lab/a"]


def test_the_selection_of_one_that_is_off_is_kept(fetched: World) -> None:
    path = fetched.workspace / "providers.yaml"
    path.write_text(path.read_text() + "select: {attic: [x]}\n")
    select(fetched, "a")
    assert selected(fetched) == {"attic": ["x"], "openrouter": [], "lab": ["a"]}


def test_rows_of_a_provider_that_went_are_kept_but_not_served(fetched: World) -> None:
    path = fetched.workspace / "providers.yaml"
    path.write_text(path.read_text().replace("name: lab", "name: cellar"))
    assert select(fetched, QWEN) == [f"openrouter/{QWEN}"]
    rows = json.loads(fetched.cli("list", "--json").out)["models"]
    assert [r["id"] for r in rows if r["provider"] == "lab"] == ["a", "b", PAID]
    ran = fetched.cli("select", "lab/a")
    assert ran.code == 4


def test_what_is_gone_can_still_be_deselected(fetched: World) -> None:
    path = fetched.workspace / "providers.yaml"
    path.write_text(path.read_text() + "select: {lab: [a, gone]}\n")
    ran = fetched.cli("select", "--add", "b")
    assert (ran.code, ran.err) == (0, "lab: gone is selected, but gone from its list.\n")
    select(fetched, "--remove", "gone")
    assert selected(fetched) == {"lab": ["a", "b"]}


def test_the_demo_is_no_choice_against_real_models(world: World) -> None:
    world.providers(
        "providers:\n  - type: demo\n  - {type: static, model_name: m, provider: openai}\n"
    )
    world.cli("fetch")
    assert select(world, "m") == ["static/m"]
    assert selected(world) == {"static": ["m"]}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            [],
            2,
            (
                "`select` needs models, or --free, --limit, --provider or --clear.\n"
                "For example: select --free --limit 5, or: select MODEL MODEL\n"
            ),
        ),
        (
            ["--add"],
            2,
            (
                "`select` needs models, or --free, --limit, --provider or --clear.\n"
                "For example: select --free --limit 5, or: select MODEL MODEL\n"
            ),
        ),
        (
            ["a", "--add", "--remove"],
            2,
            (
                "Either --add or --remove, not both.\n"
                "For example: select --free --limit 5, or: select MODEL MODEL\n"
            ),
        ),
        (
            ["a", "--limit", "1"],
            2,
            (
                "Either name models, or say which with --free and --limit.\n"
                "For example: select --free --limit 5, or: select MODEL MODEL\n"
            ),
        ),
        (
            ["--limit", "0"],
            2,
            (
                "--limit takes a number from 1 on.\n"
                "For example: select --free --limit 5, or: select MODEL MODEL\n"
            ),
        ),
        (
            ["--clear", "a"],
            2,
            "--clear forgets a selection, and takes only --provider.\nselect --clear\n",
        ),
        (
            ["openai/gtp-5"],
            4,
            f'There is no model "openai/gtp-5".\nDid you mean "{PAID}"?\n',
        ),
        (["llama"], 4, f'There is no model "llama".\nDid you mean "{LLAMA}"?\n'),
        (["lab/aa"], 4, 'There is no model "lab/aa".\nDid you mean "lab/a"?\n'),
        (
            ["zzz"],
            4,
            'There is no model "zzz".\n`freerouter list` shows what there is.\n',
        ),
        (
            [QWEN, "--provider", "lab"],
            4,
            f'There is no model "{QWEN}".\n`freerouter list` shows what there is.\n',
        ),
        (
            ["--provider", "laab"],
            4,
            'There is no provider "laab" in providers.yaml.\nDid you mean "lab"?\n',
        ),
        (
            ["--provider", "attic"],
            3,
            "attic is switched off.\n`providers enable attic` switches it on.\n",
        ),
        (
            ["--free", "--provider", "lab"],
            4,
            "No model matches.\n`freerouter list` shows what there is.\n",
        ),
        (
            ["--remove", "--limit", "9"],
            1,
            (
                "The gateway would be left without any model, so nothing was changed.\n"
                "`freerouter select --clear` goes back to what is free.\n"
            ),
        ),
    ],
)
def test_what_cannot_be_selected_changes_nothing(
    fetched: World, words: list[str], code: int, message: str
) -> None:
    before = fetched.written()
    ran = fetched.cli("select", *words)
    assert (ran.code, ran.out, ran.err) == (code, "", message)
    assert fetched.written() == before


def test_one_that_was_never_fetched_has_no_models(fetched: World) -> None:
    path = fetched.workspace / "providers.yaml"
    path.write_text(path.read_text().replace("enabled: false", "enabled: true"))
    ran = fetched.cli("select", "--provider", "attic")
    assert (ran.code, ran.err) == (
        4,
        "No model of attic is known yet.\n`freerouter fetch` asks it.\n",
    )


def test_forgetting_what_alone_is_served_names_the_way_out(
    fetched: World, server: FakeServer
) -> None:
    fetched.providers("providers:\n  - {type: openrouter, api_key: k}\n")
    path = fetched.workspace / "state" / "models.json"
    path.write_text(path.read_text().replace('"free":"quota"', '"free":"no"'))
    select(fetched, PAID)
    ran = fetched.cli("select", "--clear")
    assert (ran.code, ran.err) == (
        1,
        (
            "The gateway would be left without any model, so nothing was changed.\n"
            "OpenRouter: none of its 3 models is free, so none was written.\n"
            "`options: {models: all}` in providers.yaml takes those that cost money too.\n"
        ),
    )


def test_before_the_first_fetch_the_way_to_it_is_told(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    ran = world.cli("select", "demo")
    assert (ran.code, ran.err) == (
        3,
        "No models have been fetched yet.\n`freerouter fetch` asks the providers for them.\n",
    )


def test_a_running_gateway_serves_the_old_ones_until_it_is_reloaded(
    fetched: World, worker: subprocess.Popen[bytes]
) -> None:
    text = (fetched.workspace / "config.yaml").read_text()
    record = GatewayRecord(
        *(worker.pid, started_at(worker.pid), TOKEN, "127.0.0.1", 4000, time.time()),
        *(text.split("fingerprint: ")[1][:16], 5, "1.2"),
    )
    write_record(workspace(fetched), record)
    hint = "The gateway still serves the old ones: `reload`.\n"
    assert fetched.cli("select", "a").out.endswith(f"1 model in config.yaml.\n{hint}")
    assert hint in fetched.cli("select", "a").out
    assert hint not in fetched.cli("select", "--clear").out


# Taking it back


@pytest.mark.parametrize(
    "former",
    [
        "",
        f"select:\n  openrouter: ['{QWEN}']\n  lab: [b, a]\n",
        "select: {lab: [b, a]}\n",
        "select: {lab: []}\n",
        f"select:\n  openrouter: ['{LLAMA}', '{QWEN}']\n  lab: []\n",
    ],
)
@pytest.mark.parametrize("words", [("a",), ("--add", PAID), ("--remove", PAID, LLAMA)])
def test_undoing_restores_the_selection(
    fetched: World, former: str, words: tuple[str, ...]
) -> None:
    path = fetched.workspace / "providers.yaml"
    path.write_text(path.read_text() + former)
    fetched.cli("fetch")
    before = selected(fetched), served(fetched)
    done = result("select", *words)
    for command in done.undo:
        assert fetched.cli(*command).code == 0
    assert (selected(fetched), served(fetched)) == before


def test_the_commands_that_undo_name_each_model_with_its_provider(fetched: World) -> None:
    assert result("select", "a", QWEN).undo == (("select", "--clear"),)
    assert result("select", "b").undo == (("select", f"openrouter/{QWEN}", "lab/a"),)
    assert result("select", "b").undo == ()


def test_undoing_leaves_out_what_is_gone(fetched: World) -> None:
    path = fetched.workspace / "providers.yaml"
    path.write_text(path.read_text() + "select: {lab: [a, gone], openrouter: []}\n")
    assert result("select", "b").undo == (("select", "lab/a"),)
