"""Which LiteLLM may be run: the pinned one, later ones with a warning, and no dangerous one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from beside_engine import said_by

from freerouter.errors import NotConfiguredError
from freerouter.process.engine import (
    COMPROMISED,
    PINNED,
    find_engine,
    install_command,
    installed_version,
    judge_engine,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import World

PROXY = ("fastapi", "uvicorn", "orjson")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes this Python find a LiteLLM of a version, with the modules given beside it."""

    def make(version: str, *modules: str) -> Path:
        site = tmp_path / f"site-{version}"
        metadata = site / f"litellm-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"Metadata-Version: 2.1\nName: litellm\nVersion: {version}\n")
        for name in modules:
            (site / f"{name}.py").touch()
        monkeypatch.syspath_prepend(site)
        return site

    return make


def test_the_pinned_version_is_the_one_that_the_package_asks_for() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert f'"litellm[proxy]=={PINNED}"' in project.read_text(encoding="utf-8")
    assert f"'litellm[proxy]=={PINNED}'" in install_command()
    assert install_command().startswith(sys.executable)


def test_the_pinned_version_is_found_without_importing_it(install: Callable[..., Path]) -> None:
    install(PINNED, *PROXY)
    assert find_engine().version == PINNED
    assert find_engine().pinned


@pytest.mark.parametrize("version", ["1.83.7", "1.83.10", "1.90.0", "2.0.0", "1.83.7.post1"])
def test_another_safe_version_may_be_run(install: Callable[..., Path], version: str) -> None:
    install(version, *PROXY)
    assert find_engine().version == version
    assert not find_engine().pinned


@pytest.mark.parametrize("version", sorted(COMPROMISED))
def test_a_release_with_malicious_code_is_never_run(version: str) -> None:
    with pytest.raises(NotConfiguredError, match=f"LiteLLM {version} must not be run") as caught:
        judge_engine(version)
    assert caught.value.why == "That release carried malicious code."
    assert install_command() in caught.value.fix


@pytest.mark.parametrize(
    "version", ["1.83.6", "1.9.99", "0.1", "1.83", "1.83.6rc9", "1.83.6.dev20"]
)
def test_a_release_with_known_holes_is_never_run(version: str) -> None:
    with pytest.raises(NotConfiguredError, match="must not be run") as caught:
        judge_engine(version)
    assert caught.value.why == "It has known security holes."


def test_without_litellm_the_command_that_installs_it_is_given() -> None:
    with pytest.raises(NotConfiguredError, match="is not installed") as caught:
        judge_engine("")
    assert caught.value.fix == f"Install it: {install_command()}"


@pytest.mark.parametrize("absent", PROXY)
def test_litellm_without_its_proxy_is_told_apart(
    install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, absent: str
) -> None:
    install(PINNED, *PROXY)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(NotConfiguredError, match=rf"without its proxy \({absent} is missing\)"):
        find_engine()


def test_a_python_without_litellm_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    assert installed_version() == ""


def test_start_refuses_a_dangerous_engine_before_it_starts_anything(
    world: World, install: Callable[..., Path]
) -> None:
    install("1.82.8", *PROXY)
    world.providers("providers: [{type: demo}]\n")
    world.cli("fetch")
    ran = world.cli("start")
    assert ran.code == 3
    assert "LiteLLM 1.82.8 must not be run." in ran.err
    assert not (world.workspace / "state" / "gateway.json").exists()


TOKENS = """
import socket
from freerouter.process.worker import import_engine
import_engine("%s")
import litellm
asked = []
socket.getaddrinfo = lambda host, *more, **named: asked.append(host) or []
count = litellm.token_counter(model="meta-llama/Llama-3-8b-instruct", text="Good day to you")
print(count, asked)
"""


@pytest.mark.gateway
def test_tokens_are_counted_without_asking_for_a_tokenizer() -> None:
    """LiteLLM would ask huggingface.co for a Llama's, and wait where nobody answers."""
    count, _, asked = said_by(TOKENS % PINNED).strip().partition(" ")
    assert int(count) > 3
    assert asked == "[]"


BETA_HEADERS = """
import socket
from freerouter.process.worker import import_engine
asked = []
socket.getaddrinfo = lambda host, *more, **named: asked.append(host) or []
import_engine("%s")
from litellm import anthropic_beta_headers_manager as beta
print(len(beta.filter_and_transform_beta_headers(["web-fetch-2025-09-10"], "anthropic")), asked)
"""


@pytest.mark.gateway
def test_no_request_waits_for_a_file_of_litellms_makers() -> None:
    """LiteLLM would fetch one at the first request to Anthropic."""
    assert said_by(BETA_HEADERS % PINNED).split("\n")[-2] == "1 []"
