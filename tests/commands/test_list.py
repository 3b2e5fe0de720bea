"""`list`: the models of the last fetch, and what is known of each."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from calls import change_models, result, workspace
from fakes import TOKEN, FakeServer, Reply, openai_list, openrouter, openrouter_row

from freerouter.commands.list import COLUMNS, ORDERS
from freerouter.commands.listing import STATES
from freerouter.commands.models import tokens
from freerouter.config.kept_models import by_kind
from freerouter.config.state import fingerprint_of, write_state
from freerouter.errors import UsageError
from freerouter.frontends.text import Painter
from freerouter.process.identity import started_at
from freerouter.process.record import GatewayRecord, write_record
from freerouter.providers.models import Model
from freerouter.verbs import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

LLAMA, QWEN, GPT = "meta/llama-3.3-70b:free", "qwen/qwen3-coder:free", "openai/gpt-5"


@pytest.fixture
def fetched(world: World, server: FakeServer) -> World:
    openrouter(server)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers("providers:\n  - {type: openrouter, api_key: sk-canary-000000}\n")
    assert world.cli("fetch").code == 0
    return world


@pytest.fixture
def several(world: World, serve: Callable[[], FakeServer]) -> World:
    """OpenRouter with sizes, prices and abilities, and a lab that tells only names."""
    server, lab = serve(), serve()
    seeing = {
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]}
    }
    rows = [
        openrouter_row("b/small", price="0.000002", supported_parameters=["tools"])
        | {"context_length": 8000, "top_provider": {"context_length": 8000}},
        openrouter_row("a/large", price="0.000001", supported_parameters=["tools", "reasoning"])
        | {"context_length": 1000000, "top_provider": {"context_length": 1000000}, **seeing},
        openrouter_row("c/free:free", price="0", supported_parameters=[]),
    ]
    server.replies["/api/v1/models"] = Reply({"data": rows})
    lab.replies["/v1/models"] = openai_list("y", "x")
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    world.providers(
        "providers:\n  - {type: openrouter, api_key: sk-canary-000000, options: {models: all}}\n"
        f"  - {{type: oai, name: lab, api_base: '{lab.url}/v1'}}\n"
    )
    assert world.cli("fetch").code == 0
    return world


def data_of(world: World, *more: str) -> dict[str, Any]:
    ran = world.cli("list", "--json", *more)
    assert ran.code == 0
    found: dict[str, Any] = json.loads(ran.out)
    return found


def listed(world: World, *more: str) -> list[str]:
    return [row["id"] for row in data_of(world, *more)["models"]]


# What is told


def test_the_table_shows_sizes_prices_and_what_is_for_the_gateway(fetched: World) -> None:
    ran = fetched.cli("list")
    assert ran.out.splitlines() == [
        "MODEL                    PROVIDER    CONTEXT  IN $/M  OUT $/M  FREE   STATE   SELECTED",
        f"{LLAMA}  openrouter     128k       0        0  quota  listed  by rule",
        "openai/gpt-5             openrouter     128k    1.25     1.25  no     listed",
        f"{QWEN}    openrouter     128k       0        0  quota  listed  by rule",
        "Aliases besides: auto, fast, smart, code (`alias list`).",
        "3 models, 2 in config.yaml. The gateway does not run.",
    ]
    assert "Aliases" not in fetched.cli("list", "--search", "gpt").out


def test_the_data_tells_everything_of_a_model(fetched: World) -> None:
    data = data_of(fetched, "--search", "gpt")
    assert [alias["name"] for alias in data["aliases"]] == ["auto", "fast", "smart", "code"]
    assert set(data.pop("aliases")[0]["members"]) == {f"openrouter/{m}" for m in (LLAMA, QWEN)}
    assert data == {
        "models": [
            {
                "id": GPT,
                "context": 131072,
                "output": 8192,
                "input_price": "1.25",
                "output_price": "1.25",
                "provider": "openrouter",
                "free": "no",
                "reason": "it has a price",
                "stale": False,
                "written": False,
                "state": "listed",
                "proven": "",
                "why": "",
                "selected": False,
                "served": None,
                "capabilities": {"vision": False, "audio": False},
            }
        ],
        "gateway": "stopped",
        "current": False,
    }


def test_the_data_is_the_same_whatever_columns_are_shown(fetched: World) -> None:
    assert data_of(fetched, "--columns", "state") == data_of(fetched)


def test_a_selected_model_says_so_and_is_gone_when_its_provider_drops_it(
    fetched: World, server: FakeServer
) -> None:
    fetched.cli("select", QWEN, GPT)
    assert [line.split()[-1] for line in fetched.cli("list").out.splitlines()[2:4]] == ["yes"] * 2
    server.replies["/api/v1/models"] = Reply({"data": [openrouter_row(QWEN, price="0")]})
    fetched.cli("fetch", "--fresh")
    assert listed(fetched, "--state", "gone") == [GPT]
    (gone,) = data_of(fetched, "--state", "gone")["models"]
    assert (gone["provider"], gone["selected"], gone["written"]) == ("openrouter", True, False)
    assert "gone" in fetched.cli("list", "--columns", "model,state").out


def test_a_selection_of_a_provider_that_was_never_asked_is_not_gone(fetched: World) -> None:
    path = fetched.workspace / "providers.yaml"
    path.write_text(
        path.read_text() + "  - {type: oai, name: attic, enabled: false, api_base: 'http://x/v1'}\n"
        "select: {attic: [m]}\n"
    )
    fetched.cli("fetch")
    assert listed(fetched, "--state", "gone") == []


def test_what_is_selected_and_may_not_be_written_says_so(fetched: World) -> None:
    path = fetched.workspace / "providers.yaml"
    path.write_text(f"spend: never\n{path.read_text()}")
    fetched.cli("select", QWEN, GPT)
    out = fetched.cli("list", "--columns", "selected,model").out
    assert [line.split("  ")[0] for line in out.splitlines()[1:4]] == ["", "left out", "yes"]


def test_a_stale_list_is_told(fetched: World) -> None:
    change_models(fetched, lambda row: row.update(stale=True))
    assert "listed, stale" in fetched.cli("list").out


def test_a_file_of_an_earlier_version_is_listed(fetched: World) -> None:
    row = {**Model("m", "openrouter")._asdict(), "written": True}
    del row["can"]
    write_state(workspace(fetched).models_file, {"version": 1, "models": [row]})
    assert [(r["id"], r["capabilities"]) for r in data_of(fetched)["models"]] == [("m", {})]


def test_sizes_are_told_in_round_numbers(fetched: World) -> None:
    sizes = {LLAMA: 1048576, GPT: 200000, QWEN: None}
    change_models(fetched, lambda row: row.update(context=sizes[row["id"]]))
    lines = fetched.cli("list", "--columns", "context,model").out.splitlines()
    assert [line.split() for line in lines[1:4]] == [["1M", LLAMA], ["200k", GPT], [QWEN]]


# Which models


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--free"], 2),
        (["--search", "LLAMA 70b"], 1),
        (["--search", "gpt", "--free"], 0),
        (["--provider", "openrouter"], 3),
        (["--provider", "ollama"], 0),
    ],
)
def test_the_list_can_be_narrowed(fetched: World, words: list[str], found: int) -> None:
    assert len(listed(fetched, *words)) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--context", "1M"], ["a/large"]),
        (["--context", "100k"], ["a/large", "c/free:free"]),
        (["--context", "8k"], ["a/large", "b/small", "c/free:free"]),
        (["--context", "8001"], ["a/large", "c/free:free"]),
        (["--capability", "tools"], ["a/large", "b/small"]),
        (["--capability", "tools", "--capability", "vision"], ["a/large"]),
        (["--capability", "reasoning", "--context", "2M"], []),
        (["--state", "listed", "--provider", "lab"], ["x", "y"]),
        (["--state", "proven"], []),
    ],
)
def test_sizes_abilities_and_states_narrow_it_too(
    several: World, words: list[str], found: list[str]
) -> None:
    assert sorted(listed(several, *words)) == found


def test_what_nobody_tells_is_left_out_and_counted(several: World) -> None:
    note = "Of 2 more their providers do not tell.\n"
    assert several.cli("list", "--context", "100k").out.endswith(note)
    assert several.cli("list", "--capability", "tools").out.endswith(note)
    assert several.cli("list", "--capability", "audio", "--provider", "openrouter").out == (
        "No model matches.\n"
    )
    assert "do not tell" not in several.cli("list", "--free").out


def test_the_best_match_comes_first(several: World) -> None:
    assert listed(several, "--search", "free") == ["c/free:free"]
    assert listed(several, "--search", "lab") == ["y", "x"]
    assert listed(several, "--search", "openr l")[0] == "a/large"
    assert listed(several, "--search", "lab", "--sort", "name") == ["x", "y"]


def test_scattered_letters_count_only_where_nothing_else_matches(fetched: World) -> None:
    assert listed(fetched, "--search", "gpt5") == [GPT]
    assert listed(fetched, "--search", "qn3cdr") == [QWEN]


def test_where_nothing_matches_that_is_said(fetched: World) -> None:
    assert fetched.cli("list", "--search", "zzz") == (0, "No model matches.\n", "")


# In which order


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("name", ["a/large", "b/small", "c/free:free", "x", "y"]),
        ("-model", ["y", "x", "c/free:free", "b/small", "a/large"]),
        ("price", ["c/free:free", "a/large", "b/small", "x", "y"]),
        ("-price", ["b/small", "a/large", "c/free:free", "x", "y"]),
        ("context", ["a/large", "c/free:free", "b/small", "x", "y"]),
        ("-context", ["b/small", "c/free:free", "a/large", "x", "y"]),
        ("provider,-name", ["y", "x", "c/free:free", "b/small", "a/large"]),
        ("free", ["c/free:free", "x", "y", "a/large", "b/small"]),
        ("state,-provider", ["a/large", "b/small", "c/free:free", "x", "y"]),
    ],
)
def test_it_is_sorted_as_is_asked_for_and_what_is_unknown_is_last(
    several: World, order: str, found: list[str]
) -> None:
    assert listed(several, "--sort", order) == found


def test_it_is_in_the_order_of_the_names_where_nothing_is_said(several: World) -> None:
    assert listed(several) == ["x", "y", "a/large", "b/small", "c/free:free"]


# What it looks like


def test_the_columns_are_those_that_are_asked_for(several: World) -> None:
    lines = several.cli("list", "--columns", "can, model", "--sort", "name").out.splitlines()
    assert lines[:3] == [
        "CAN                     MODEL",
        "tools vision reasoning  a/large",
        "tools                   b/small",
    ]


def test_the_help_names_every_order_and_state() -> None:
    options = {option.name: option for option in REGISTRY.get("list").parameters}
    assert options["state"].choices == STATES


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("columns", [None, ",".join(COLUMNS)])
def test_it_fits_the_screen(several: World, width: int, columns: str | None) -> None:
    words = ["--columns", columns] if columns else []
    painted, _ = Painter(lambda text: text, width).result(result("list", *words))
    lines = painted.splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("MODEL")
    assert "a/large" in painted
    assert "STATE" in lines[0] or columns


def test_ten_thousand_rows_go_through_a_pipe_that_closes_early(several: World) -> None:
    rows = [{**Model(f"m{n}", "lab")._asdict(), "written": False} for n in range(10_000)]
    write_state(workspace(several).models_file, {"models": by_kind(rows)._asdict()})
    assert len(listed(several)) == 10_000
    for words in (["list"], ["list", "--json"]):
        child = subprocess.Popen(
            [sys.executable, "-m", "freerouter", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert child.stdout
        assert child.stderr
        child.stdout.read(10)
        child.stdout.close()
        assert child.stderr.read() == b""
        child.stderr.close()
        assert child.wait(60) == 141


# What the gateway serves


@pytest.fixture
def running(fetched: World, worker: subprocess.Popen[bytes]) -> World:
    """A gateway that is there and says nothing."""
    record = GatewayRecord(
        *(worker.pid, started_at(worker.pid), TOKEN, "127.0.0.1", 4000, time.time()),
        *(fingerprint_of(workspace(fetched).config_file), 2, "1.2"),
    )
    write_record(workspace(fetched), record)
    return fetched


def test_a_gateway_with_this_very_configuration_serves_what_it_says(running: World) -> None:
    data = data_of(running)
    assert (data["gateway"], data["current"]) == ("unknown", True)
    assert [(row["id"], row["served"]) for row in data["models"]] == [
        (LLAMA, True),
        (GPT, False),
        (QWEN, True),
    ]
    out = running.cli("list").out
    assert out.splitlines()[0].endswith("SELECTED  SERVED")
    assert out.endswith("3 models, 2 of them served by the gateway.\n")


def test_of_one_that_does_not_tell_nothing_is_made_up(running: World) -> None:
    running.cli("select", GPT)
    data = data_of(running)
    assert [row["served"] for row in data["models"]] == [None] * 3
    assert running.cli("list").out.endswith(
        "3 models. The gateway runs and does not tell what it serves.\n"
    )


@pytest.mark.gateway
def test_it_is_told_what_the_running_gateway_really_serves(gateway: World) -> None:
    path = gateway.workspace / "providers.yaml"
    more = "  - {type: static, model_name: 'one#1', provider: openai}\n"
    more += "  - {type: static, model_name: two, provider: openai}\n"
    path.write_text(path.read_text() + more)
    for words in (["fetch"], ["select", "two"], ["start"]):
        assert gateway.cli(*words).code == 0
    assert {row["id"]: row["served"] for row in data_of(gateway)["models"]} == {
        "one#1": False,
        "two": True,
    }
    gateway.cli("select", "one#1")
    out = gateway.cli("list").out
    assert [line.split()[-2:] for line in out.splitlines()[1:3]] == [
        ["not", "yet"],
        ["listed", "still"],
    ]
    assert out.endswith("served by the gateway, which runs an older config.yaml: `reload`.\n")
    assert gateway.cli("reload").code == 0
    assert {row["id"]: row["served"] for row in data_of(gateway)["models"]} == {
        "one#1": True,
        "two": False,
    }


# What is refused


@pytest.mark.parametrize(
    ("name", "fix"), [("openruter", 'Did you mean "openrouter"?'), ("zzz", "In use: openrouter.")]
)
def test_an_unknown_provider_is_not_found(fetched: World, name: str, fix: str) -> None:
    ran = fetched.cli("list", "--provider", name)
    assert (ran.code, ran.err) == (4, f'There is no provider "{name}".\n{fix}\n')


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--columns", "model,provder"],
            'There is no column "provder".\nDid you mean "provider"?\n',
        ),
        (
            ["--columns", "zzz"],
            f'There is no column "zzz".\nOne of: {", ".join(COLUMNS)}.\n',
        ),
        (["--sort", "prize"], 'There is no order "prize".\nDid you mean "price"?\n'),
        (["--sort", "-zzz"], f'There is no order "zzz".\nOne of: {", ".join(ORDERS)}.\n'),
        (
            ["--context", "big"],
            '"big" is no size.\nA number of tokens, such as 100k, 1M or 131072.\n',
        ),
        (["--capability", "tool"], '--capability cannot be "tool".\nDid you mean "tools"?\n'),
        (["--state", "provn"], '--state cannot be "provn".\nDid you mean "proven"?\n'),
    ],
)
def test_a_word_that_nobody_knows_is_refused_with_what_was_meant(
    fetched: World, words: list[str], message: str
) -> None:
    ran = fetched.cli("list", *words)
    assert (ran.code, ran.out, ran.err) == (2, "", message)


@pytest.mark.parametrize(
    ("word", "size"),
    [("100k", 100_000), ("128K", 128_000), ("1M", 1_000_000), ("1.5m", 1_500_000), ("7", 7)],
)
def test_sizes_are_read_as_people_type_them(word: str, size: int) -> None:
    assert tokens(word) == size


@pytest.mark.parametrize("word", ["", "k", "0", "-1k", "1kk", "nan", "inf", "1e400", "k1", "1 k 2"])
def test_what_is_no_size_is_refused(word: str) -> None:
    with pytest.raises(UsageError):
        tokens(word)


def test_before_the_first_fetch_the_way_to_it_is_told(world: World) -> None:
    world.providers("providers:\n  - type: demo\n")
    ran = world.cli("list")
    assert (ran.code, ran.err) == (
        3,
        "No models have been fetched yet.\n`freerouter fetch` asks the providers for them.\n",
    )
