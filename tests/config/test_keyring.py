"""The system's keyring: the real package, with a backend that keeps its entries in a file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import keyring
import pytest
from fakes import FakeServer, Reply, completion, openai_list
from keyring.backends.fail import Keyring as NoBackend
from keyring_backend import Filed

from freerouter.config.keyring import KeyringError, entry_of, stored
from freerouter.config.secrets import (
    KEYRING,
    Secrets,
    keyring_names,
    load_secrets,
    remove_variable,
    store,
)
from freerouter.config.workspace import Workspace
from freerouter.context import make_context
from freerouter.errors import FreeRouterError, NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Ran, World

KEY = "canary-in-the-keyring-wxyz"
NAME = "LAB_API_KEY"


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World) -> Iterator[Path]:
    """A keyring, in this process and in those that it starts; the file in which it keeps all."""
    path = tmp_path / "ring.json"
    before = keyring.get_keyring()
    monkeypatch.setenv("TEST_KEYRING", str(path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring_backend.Filed")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    keyring.set_keyring(Filed())  # type: ignore[no-untyped-call] # its backends have no types
    yield path
    keyring.set_keyring(before)


@pytest.fixture
def lab(world: World, ring: Path) -> World:
    world.providers(
        "providers:\n  - {type: oai, name: lab, api_base: 'http://127.0.0.1:9/v1',"
        " api_key: '${LAB_API_KEY}'}\n  - type: demo\n"
    )
    return world


def entries(ring: Path) -> dict[str, str]:
    return dict(json.loads(ring.read_text())) if ring.exists() else {}


def set_key(world: World, *more: str, key: str = KEY) -> Ran:
    return world.process("keys", "set", "lab", "--unchecked", *more, stdin=f"{key}\n")


def env_file(world: World) -> str:
    path = world.workspace / ".env"
    return path.read_text() if path.exists() else ""


def test_what_somebody_put_there_is_offered(ring: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.set_password("freerouter", "GROQ_API_KEY", "sk-made-up")
    assert stored("GROQ_API_KEY") == "sk-made-up"
    assert stored("OTHER") is None
    monkeypatch.setenv("TEST_KEYRING_IS", "locked")
    assert stored("GROQ_API_KEY") is None
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert stored("GROQ_API_KEY") is None


def test_a_key_is_stored_there_used_from_there_and_taken_out(lab: World, ring: Path) -> None:
    ran = set_key(lab, "--store", "keyring")
    assert (ran.code, ran.out) == (0, f"Stored as {NAME} in the system's keyring.\n")
    root = str(lab.workspace)
    assert entries(ring) == {f"freerouter: {entry_of(root, NAME)}": KEY}
    assert f"# {NAME} is in the keyring\n" in env_file(lab)
    assert KEY not in str(lab.written())
    ctx = make_context()
    secrets = load_secrets(ctx)
    assert (secrets.get(NAME), secrets.origin(NAME), secrets.place(NAME)) == (KEY, KEYRING, KEYRING)
    assert ctx.redact(KEY) == f"env:{NAME}"
    row = next(
        row
        for row in json.loads(lab.cli("keys", "list", "--json").out)["keys"]
        if row["variable"] == NAME
    )
    assert (row["from"], row["value"], row["stored_age"] < 3600) == (KEYRING, "…wxyz", True)
    assert f"{NAME} (keyring)" in lab.cli("providers", "show", "lab").out
    # Another one goes where the first one is, and one word moves it.
    again = set_key(lab, key="another-key")
    assert (again.out, list(entries(ring).values())) == (
        f"Stored as {NAME} in the system's keyring.\n",
        ["another-key"],
    )
    gone = lab.cli("keys", "remove", "lab")
    assert (gone.code, gone.out) == (0, f"{NAME} taken out of the system's keyring.\n")
    assert (entries(ring), NAME in env_file(lab)) == ({}, False)
    assert lab.cli("keys", "remove", "lab").code == 4


def test_a_key_that_moves_is_in_one_place(lab: World, ring: Path) -> None:
    set_key(lab, "--store", "env")
    assert f"{NAME}={KEY}\n" in env_file(lab)
    set_key(lab, "--store", "keyring")
    assert (KEY in env_file(lab), KEY in entries(ring).values()) == (False, True)
    set_key(lab, "--store", "env")
    assert (f"{NAME}={KEY}\n" in env_file(lab), entries(ring)) == (True, {})
    assert "is in the keyring" not in env_file(lab)


def test_the_environment_wins_and_then_nothing_is_opened(
    lab: World, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_key(lab, "--store", "keyring")
    monkeypatch.setenv(NAME, "of-the-environment")
    monkeypatch.setenv("TEST_KEYRING_IS", "locked")
    secrets = load_secrets(make_context())
    assert (secrets.get(NAME), secrets.origin(NAME)) == ("of-the-environment", "environment")
    assert secrets.get("NO_OTHER") is None


def test_a_keyring_that_does_not_open_is_told_of_with_a_way_out(
    lab: World, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_key(lab, "--store", "keyring")
    monkeypatch.setenv("TEST_KEYRING_IS", "locked")
    fetched, removed = lab.cli("fetch"), lab.cli("keys", "remove", "lab")
    said = (
        f"The system's keyring does not open (KeyringLocked).\n{NAME} is kept there.\n"
        "Unlock it and try again, or `keys set PROVIDER --store env` keeps the key in .env.\n"
    )
    assert (fetched.code, fetched.err) == (1, said)
    assert (removed.code, removed.err) == (1, said)
    assert f"# {NAME} is in the keyring" in env_file(lab)
    listed = lab.cli("keys", "list")
    assert (listed.code, "keyring does not open" in listed.out) == (0, True)
    assert lab.cli("providers", "list").code == 0
    assert lab.cli("status").code == 6
    assert "unset-variable" not in lab.cli("validate").out
    findings = json.loads(lab.cli("doctor", "--offline", "--json").out)["findings"]
    assert any("keyring does not open" in found["what"] for found in findings)
    # The way out.
    assert set_key(lab, "--store", "env").code == 0
    assert Secrets(Workspace(str(lab.workspace)), {}).get(NAME) == KEY


@pytest.mark.parametrize(
    ("is_", "said"),
    [
        ("locked", "The system's keyring does not open (KeyringLocked)."),
        ("forgetful", "The system's keyring did not keep the key."),
    ],
)
def test_what_cannot_be_stored_changes_nothing(
    lab: World, ring: Path, monkeypatch: pytest.MonkeyPatch, is_: str, said: str
) -> None:
    set_key(lab, "--store", "env", key="the-one-before")
    before = env_file(lab)
    monkeypatch.setenv("TEST_KEYRING_IS", is_)
    ran = set_key(lab, "--store", "keyring")
    assert (ran.code, ran.out, ran.err.splitlines()[0]) == (1, "", said)
    assert (env_file(lab), KEY in f"{ran}{lab.written()}") == (before, False)


def test_without_any_backend_or_package_the_next_step_is_told(
    lab: World, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Workspace(str(lab.workspace))
    keyring.set_keyring(NoBackend())  # type: ignore[no-untyped-call] # as above
    with pytest.raises(KeyringError, match="no keyring that can be used"):
        store(place, NAME, KEY, where=KEYRING)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(NotConfiguredError) as caught:
        store(place, NAME, KEY, where=KEYRING)
    assert caught.value.exit_code == 3
    assert "pip install 'freerouter[keyring]'" in caught.value.fix
    assert env_file(lab) == ""


def test_a_key_that_somebody_took_out_by_hand_is_missed(lab: World, ring: Path) -> None:
    set_key(lab, "--store", "keyring")
    ring.write_text("{}")
    secrets = load_secrets(make_context())
    with pytest.raises(FreeRouterError, match=f"{NAME} is not in the system's keyring any more"):
        secrets.get(NAME)
    assert remove_variable(Workspace(str(lab.workspace)), NAME)
    assert keyring_names(str(lab.workspace / ".env")) == []


def test_the_gateways_own_key_lies_there_too(
    lab: World, ring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = lab.cli("keys", "rotate", "master", "--store", "keyring")
    assert "is stored as LITELLM_MASTER_KEY in the system's keyring." in ran.out
    key = lab.cli("keys", "show", "master").out.strip()
    assert entries(ring)[f"freerouter: {entry_of(str(lab.workspace), 'LITELLM_MASTER_KEY')}"] == key
    assert key not in str(lab.written())
    assert lab.cli("keys", "rotate", "master").code == 0
    assert lab.cli("keys", "show", "master").out.strip() not in ("", key)
    assert len(entries(ring)) == 1
    assert "LITELLM_MASTER_KEY=" not in env_file(lab)


def test_a_profiles_key_is_its_own_copied_with_it_and_removed_with_it(
    lab: World, ring: Path
) -> None:
    assert lab.cli("profile", "copy", "default", "dev", "--port", "4200").code == 0
    assert set_key(lab, "--store", "keyring", "--profile", "dev").code == 0
    root = str(lab.workspace)
    base, dev = (Secrets(Workspace(*place), {}) for place in ((root,), _profile(root, "dev")))
    assert (base.get(NAME), dev.get(NAME)) == (None, KEY)
    assert lab.cli("profile", "copy", "dev", "two", "--port", "4201").code == 0
    assert Secrets(Workspace(*_profile(root, "two")), {}).get(NAME) == KEY
    assert len(entries(ring)) == 2
    for name in ("dev", "two"):
        assert lab.cli("profile", "remove", name, "--yes").code == 0
    assert entries(ring) == {}


def _profile(root: str, name: str) -> tuple[str, str, str]:
    return f"{root}/profiles/{name}", "user", name


def test_nothing_is_imported_for_keys_that_are_elsewhere(lab: World, ring: Path) -> None:
    set_key(lab, "--store", "env")
    for line in ("status", "keys list", "config show"):
        assert "keyring" not in _imported(lab, line), line
    assert lab.cli("keys", "rotate", "master", "--store", "keyring").code == 0
    assert "keyring" not in _imported(lab, "status")
    assert "keyring" in _imported(lab, "keys show master")


@pytest.mark.gateway
def test_the_gateway_has_a_key_that_lies_there_in_its_environment_and_nowhere_else(
    world: World, ring: Path, server: FakeServer, free_port: int
) -> None:
    server.replies["/v1/models"] = openai_list("m")
    server.replies["/v1/chat/completions"] = Reply(completion("from the keyring"), keys=(KEY,))
    world.providers(
        f"gateway: {{port: {free_port}}}\nproviders:\n  - {{type: oai, name: lab,"
        f" api_base: '{server.url}/v1', api_key: '${{LAB_API_KEY}}'}}\n"
    )
    assert set_key(world, "--store", "keyring").code == 0
    assert world.cli("fetch").code == 0
    try:
        assert world.cli("start").code == 0
        asked = world.cli("ask", "--model", "m", "hi")
    finally:
        world.cli("stop", "--timeout", "2")
    assert (asked.code, "from the keyring" in asked.out) == (0, True), asked
    assert KEY not in str(world.written())


def _imported(world: World, line: str) -> set[str]:
    program = (
        "import sys; from freerouter.cli import main; main(sys.argv[1:]);"
        "print('\\n', *{m.split('.')[0] for m in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *line.split()],
        capture_output=True,
        text=True,
        cwd=world.cwd,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split())
