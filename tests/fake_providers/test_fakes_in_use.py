"""The product, asking test servers that FREEROUTER_CATALOGUE leads to."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from freerouter.config.yaml_file import dump_yaml
from freerouter.fakes import FakeProviders, fake_providers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import World

KEY = "sk-or-good"
MODELS = (
    "models: [{id: 'meta/llama:free', context: 131072, price: 0}, {id: openai/gpt-5, price: 1.25}]"
)
ENTRY = "{type: openrouter, api_key: '${OPENROUTER_API_KEY}', options: {models: all}}"


@pytest.fixture
def fake(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], FakeProviders]]:
    """OpenRouter is set up; it is described by what stands behind its models."""
    world.providers(f"providers: [{ENTRY}]\n")
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    with contextlib.ExitStack() as stack:

        def start(more: str) -> FakeProviders:
            path = tmp_path / "fakes.yaml"
            path.write_text(f"providers: {{openrouter: {{{MODELS}{more}}}}}", encoding="utf-8")
            directory = str(tmp_path / "records")
            monkeypatch.setenv("FREEROUTER_CATALOGUE", directory)
            return stack.enter_context(fake_providers(str(path), directory))

        yield start


def test_fetch_and_list_show_what_was_described(
    world: World, fake: Callable[[str], FakeProviders]
) -> None:
    fake("")
    ran = world.cli("fetch")
    assert (ran.code, ran.err) == (0, "")
    assert "OpenRouter: 2 models" in ran.out
    rows = json.loads(world.cli("list", "--json").out)["models"]
    assert [(r["id"], r["context"], r["input_price"], r["free"]) for r in rows] == [
        ("meta/llama:free", 131072, "0", "quota"),
        ("openai/gpt-5", None, "1.25", "no"),
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (", fail: {list: 500}", "OpenRouter is failing (500)."),
        (
            ", fail: {list: {status: 429, retry_after: 7}}",
            "OpenRouter says too many requests (429). Try again in 7 s.",
        ),
        (", fail: {list: hang}", "OpenRouter did not answer within 0.5 s."),
        (", fail: {list: cut}", "OpenRouter gave no whole answer."),
        (", fail: {list: html}", "OpenRouter answered with a web page instead of a model list."),
        (", fail: {list: garbage}", "OpenRouter answered with broken JSON."),
        (", fail: {list: empty}", "OpenRouter lists no chat model."),
        (", down: true", "OpenRouter cannot be reached."),
        (", latency: 5", "OpenRouter did not answer within 0.5 s."),
    ],
)
def test_fetch_tells_how_a_list_failed(
    world: World, fake: Callable[[str], FakeProviders], more: str, told: str
) -> None:
    fake(more)
    ran = world.cli("fetch", "--timeout", "0.5")
    assert ran.code == 5
    assert told in " ".join(ran.err.split())


@pytest.mark.parametrize(
    ("more", "expected", "told"),
    [
        (f", keys: [{KEY}]", (0, "works"), "OpenRouter: key works, 2 models, 1 of them free"),
        (", keys: [sk-other]", (1, "refused"), "OpenRouter refused this key (401)."),
        (", keys: []", (1, "refused"), "OpenRouter refused this key (401)."),
        (", fail: {check: 402}", (1, "no_quota"), "OpenRouter wants payment first (402)."),
        (", fail: {check: 503}", (5, "unknown"), "OpenRouter is failing (503)."),
        (", fail: {check: cut}", (5, "unknown"), "OpenRouter gave no whole answer."),
        (", fail: {check: empty}", (5, "unknown"), "OpenRouter answered with nothing."),
    ],
)
def test_a_key_is_worth_what_was_described(
    world: World,
    fake: Callable[[str], FakeProviders],
    more: str,
    expected: tuple[int, str],
    told: str,
) -> None:
    fake(more)
    ran = world.cli("keys", "check", "openrouter", "--json")
    data = json.loads(ran.out)
    assert (ran.code, data["verdict"]) == expected
    assert data["message"].startswith(told)


def test_a_key_is_stored_once_the_server_takes_it(
    world: World, fake: Callable[[str], FakeProviders], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(f", keys: [{KEY}]")
    monkeypatch.setenv("WRONG", "sk-or-bad")
    monkeypatch.setenv("RIGHT", KEY)
    assert world.cli("keys", "set", "openrouter", "--from-env", "WRONG").code == 5
    assert not (world.workspace / ".env").exists()
    assert world.cli("keys", "set", "openrouter", "--from-env", "RIGHT").code == 0
    assert f"OPENROUTER_API_KEY={KEY}\n" in (world.workspace / ".env").read_text()


def test_modelscopes_account_may_be_unbound(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fakes.yaml"
    path.write_text(
        "providers:\n  modelscope:\n    models: [m]\n"
        "    fail: {check: {status: 401, message: Please bind your account}}\n"
    )
    world.providers("providers: [{type: modelscope}]\n")
    monkeypatch.setenv("MODELSCOPE_API_KEY", "ms-key")
    monkeypatch.setenv("FREEROUTER_CATALOGUE", str(tmp_path / "records"))
    with fake_providers(str(path), str(tmp_path / "records")):
        ran = world.cli("keys", "check", "modelscope", "--json")
    assert json.loads(ran.out)["verdict"] == "no_quota"


def test_a_server_of_ones_own_name_is_a_provider(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fakes.yaml"
    path.write_text("providers: {lab: {shape: openai, models: [model-a, model-b]}}")
    monkeypatch.setenv("FREEROUTER_CATALOGUE", str(tmp_path / "records"))
    world.cli("init")
    with fake_providers(str(path), str(tmp_path / "records")) as running:
        assert world.cli("providers", "add", "lab").code == 0
        assert "lab: 2 models" in world.cli("fetch").out
    assert f"api_base: {running.urls['lab']}" in (world.workspace / "config.yaml").read_text()


def records(directory: Path, provider: str, **fields: object) -> str:
    directory.mkdir(exist_ok=True)
    (directory / f"{provider}.yaml").write_text(dump_yaml(fields))
    return str(directory)


def url_of(world: World, provider: str) -> str:
    rows = json.loads(world.cli("providers", "list", "--json").out)["providers"]
    return str(next(row["url"] for row in rows if row["id"] == provider))


def test_the_directory_of_the_environment_comes_last(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.override("openrouter", base_url="http://mine/v1", name="Mine")
    assert url_of(world, "openrouter") == "http://mine/v1"
    directory = records(tmp_path / "more", "openrouter", base_url="http://more/v1")
    records(tmp_path / "more", "new", base_url="http://new/v1")
    monkeypatch.setenv("FREEROUTER_CATALOGUE", os.path.relpath(directory))
    assert url_of(world, "openrouter") == "http://more/v1"
    assert url_of(world, "new") == "http://new/v1"
    assert "Mine" in world.cli("providers", "list").out


def test_a_directory_that_is_not_there_is_not_passed_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FREEROUTER_CATALOGUE", "/nowhere")
    told = "FREEROUTER_CATALOGUE names /nowhere, which is no directory."
    ran = world.cli("providers", "list")
    assert (ran.code, ran.err.splitlines()[0]) == (2, told)
    world.providers("providers: [{type: demo}]\n")
    assert told in world.cli("doctor", "--offline").out


def test_doctor_looks_at_the_records_there(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = records(tmp_path / "more", "openrouter", base_ulr="x")
    monkeypatch.setenv("FREEROUTER_CATALOGUE", directory)
    world.providers("providers: [{type: demo}]\n")
    assert 'unknown key "base_ulr"' in world.cli("doctor", "--offline").out
