"""`select`: the models that the gateway serves are chosen from the last lists, without asking."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from alone import alone
from calls import change_models, providers_file, result, workspace
from fakes import TOKEN, FakeServer, Reply, openai_list, openrouter, openrouter_row

from freerouter.config.kept_models import by_kind
from freerouter.config.state import write_state
from freerouter.process.identity import started_at
from freerouter.process.record import GatewayRecord, write_record
from freerouter.providers.models import Model

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from conftest import World


LLAMA, QWEN, PAID = "meta/llama-3.3-70b:free", "qwen/qwen3-coder:free", "openai/gpt-5"
LISTED = "No model matches.\n`freerouter list` shows what there is.\n"
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
    assert ran == (0, "2 models selected: 3 go.\n2 models in config.yaml.\n", "")
    assert served(fetched) == [f"openrouter/{QWEN}", "lab/b"]
    assert selected(fetched) == {"openrouter": [QWEN], "lab": ["b"]}
    assert select(fetched, "a") == ["lab/a"]
    assert selected(fetched) == {"openrouter": [], "lab": ["a"]}


def test_the_data_tells_the_selection(fetched: World) -> None:
    assert json.loads(fetched.cli("select", "b", "a", "b", "--json").out) == {
        "selected": {"openrouter": [], "lab": ["b", "a"]},
        "models": 2,
        "changed": True,
        "come": [],
        "go": [f"openrouter/{LLAMA}", f"openrouter/{QWEN}", f"lab/{PAID}"],
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
    told = [{**row, "written": row["id"] == "a", "selected": row["id"] == "a"} for row in before]
    assert told == after


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
            [f"openrouter/{LLAMA}", f"openrouter/{QWEN}", "lab/a", "lab/b"],
        ),
        (("--provider", "lab", "--limit", "2"), ["lab/a", "lab/b"]),
        (
            ("--provider", "openrouter", "--free", "--limit", "9"),
            [f"openrouter/{LLAMA}", f"openrouter/{QWEN}"],
        ),
    ],
)
def test_what_matches_is_selected_and_the_best_where_not_all(
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
        "No selection any more: each provider's own rule counts; 4 come.\n"
        "5 models in config.yaml.\n"
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
    change_models(fetched, lambda row: row.update(free="no"))
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


# The best, patterns, and what comes of it


def test_the_best_do_not_fail_cost_nothing_are_proven_are_large_and_cheap(fetched: World) -> None:
    """Each of these outweighs those after it."""
    state = fetched.workspace / "state"
    facts: dict[str, dict[str, Any]] = {
        "large": {"context": 1_000_000, "free": "no", "input_price": "9", "output_price": "9"},
        "cheap": {"context": 500_000, "free": "no", "input_price": "1", "output_price": "1"},
        "dear": {"context": 500_000, "free": "no", "input_price": "2", "output_price": "2"},
        "proven": {"context": 8_000, "free": "no", "input_price": "9", "output_price": "9"},
        "free": {"context": 4_000, "free": "quota"},
        "failing": {"context": 2_000_000, "free": "yes"},
    }
    rows = [
        {**Model(name, "lab", **more)._asdict(), "written": False} for name, more in facts.items()
    ]
    write_state(str(state / "models.json"), {"models": by_kind(rows)._asdict()})
    write_state(str(state / "proven.json"), {"lab/proven": {"at": 1.0}})
    write_state(str(state / "failing.json"), {"lab/failing": {"at": 1.0}})
    best = ["lab/free", "lab/proven", "lab/large", "lab/cheap", "lab/dear", "lab/failing"]
    for limit in (1, 3, 6):
        assert select(fetched, "--limit", str(limit)) == best[:limit]
    assert select(fetched, "--remove", "--limit", "2") == best[:4]


@pytest.mark.parametrize(
    ("words", "models"),
    [
        (("*:free",), [f"openrouter/{LLAMA}", f"openrouter/{QWEN}"]),
        (("lab/?",), ["lab/a", "lab/b"]),
        (("openai/*",), [f"openrouter/{PAID}", f"lab/{PAID}"]),
        (("openai/*", "--provider", "l*"), [f"lab/{PAID}"]),
        (("*", "--free", "--limit", "1"), [f"openrouter/{LLAMA}"]),
        (("qwen/*", "[ab]", "--limit", "9"), [f"openrouter/{QWEN}", "lab/a", "lab/b"]),
        (("--provider", "*b", "--limit", "1"), ["lab/a"]),
    ],
)
def test_a_pattern_names_all_that_fit(
    fetched: World, words: tuple[str, ...], models: list[str]
) -> None:
    assert select(fetched, *words) == models


def test_patterns_add_and_remove_too(fetched: World) -> None:
    select(fetched, "lab/a")
    assert select(fetched, "--add", "*:free") == [
        *(f"openrouter/{LLAMA}", f"openrouter/{QWEN}", "lab/a"),
    ]
    assert select(fetched, "--remove", "meta/*") == [f"openrouter/{QWEN}", "lab/a"]
    select(fetched, "*")
    assert selected(fetched) == {"openrouter": [LLAMA, QWEN, PAID], "lab": ["a", "b", PAID]}
    select(fetched, "--clear", "--provider", "open*")
    assert selected(fetched) == {"lab": ["a", "b", PAID]}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("zz*",), 'There is no model "zz*".\n`freerouter list` shows what there is.\n'),
        (
            ("--provider", "zz*"),
            'No provider matches "zz*".\nIn providers.yaml: openrouter, lab, attic.\n',
        ),
        (("--remove", "--free", "--provider", "lab"), LISTED),
    ],
)
def test_a_pattern_that_fits_nothing_is_not_found(
    fetched: World, words: tuple[str, ...], message: str
) -> None:
    before = fetched.written()
    ran = fetched.cli("select", *words)
    assert (ran.code, ran.out, ran.err) == (4, "", message)
    assert fetched.written() == before


def test_a_dry_run_tells_what_would_come_and_go_and_changes_nothing(fetched: World) -> None:
    before = fetched.written()
    ran = fetched.cli("select", f"openrouter/{PAID}", "a", "--dry-run")
    assert ran.out.splitlines() == [
        "2 models selected: 1 comes, 4 go.",
        f"+ openrouter/{PAID}",
        f"- openrouter/{LLAMA}",
        f"- openrouter/{QWEN}",
        "- lab/b",
        f"- lab/{PAID}",
        "Nothing was changed (--dry-run).",
    ]
    assert fetched.written() == before
    assert result("select", "a", "--dry-run").data["go"] == result("select", "a").data["go"]


def test_selecting_the_same_again_changes_nothing(fetched: World) -> None:
    select(fetched, "--free", "--limit", "2")
    before = {p: t for p, t in fetched.written().items() if not p.endswith("models.json")}
    ran = fetched.cli("select", "--free", "--limit", "2")
    assert ran.out == "2 models selected.\n2 models in config.yaml (unchanged).\n"
    after = {p: t for p, t in fetched.written().items() if not p.endswith("models.json")}
    assert after == before


def test_what_providers_list_anew_does_not_come_in_by_itself(
    fetched: World, server: FakeServer
) -> None:
    select(fetched, f"openrouter/{QWEN}")
    rows = [openrouter_row("new/model:free", price="0"), openrouter_row(QWEN, price="0")]
    server.replies["/api/v1/models"] = Reply({"data": rows})
    fetched.override("openrouter", base_url=f"{server.url}/api/v1")
    fetched.cli("fetch", "--provider", "openrouter")
    assert served(fetched) == [f"openrouter/{QWEN}"]
    chosen = json.loads(fetched.cli("list", "--json", "--provider", "openrouter").out)["models"]
    assert {row["id"]: row["selected"] for row in chosen} == {"new/model:free": False, QWEN: True}


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
