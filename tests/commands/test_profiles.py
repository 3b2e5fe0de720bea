"""`profile`: set-ups side by side, each with a gateway of its own."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from calls import result
from fakes import TOKEN, FakeServer, openai_list

from freerouter.config.providers_file import load_providers
from freerouter.config.secrets import read_env_file
from freerouter.config.workspace import Workspace, find_workspace
from freerouter.errors import CancelledError
from freerouter.process.identity import started_at
from freerouter.process.record import GatewayRecord, write_record
from freerouter.session import Session
from freerouter.shell.repl import prompt_of
from freerouter.wizard.messages import Answer

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from conftest import World

    from freerouter.result import Event
    from freerouter.wizard.messages import Question


NOBODY = "Nobody can be asked.\nRemove the profile dev?\n"
LETTERS = "Use letters, digits, -, _ and . in it.\n"


@pytest.fixture
def two(world: World) -> World:
    """A workspace, and a profile `dev` in it."""
    world.providers("# mine\nproviders:\n  - {type: demo}\n")
    assert world.cli("profile", "new", "dev").code == 0
    return world


def profile(world: World, name: str) -> Path:
    return world.workspace / "profiles" / name


def workspace_of(world: World, name: str) -> Workspace:
    return find_workspace({"HOME": str(world.home)}, str(world.cwd), name)


def port_of(world: World, name: str) -> int:
    return load_providers(workspace_of(world, name)).address({})[1]


def told(world: World, *words: str) -> dict[str, dict[str, Any]]:
    rows = json.loads(world.cli("profile", "list", "--json", *words).out)["profiles"]
    return {row["name"]: row for row in rows}


def in_use(world: World, *words: str) -> list[str]:
    return [name for name, row in told(world, *words).items() if row["in_use"]]


# Which there are


def test_the_workspace_itself_is_the_default_profile(two: World) -> None:
    rows = told(two)
    assert list(rows) == ["default", "dev"]
    assert (rows["default"]["port"], rows["dev"]["port"]) == (4000, 4001)
    assert [row["providers"] for row in rows.values()] == [["demo"], ["demo"]]
    assert in_use(two) == ["default"]
    assert two.cli("profile").out == two.cli("profile", "list").out


def test_the_list_tells_models_and_what_runs(two: World, worker: subprocess.Popen[bytes]) -> None:
    assert two.cli("--profile", "dev", "fetch").code == 0
    record = GatewayRecord(
        *(worker.pid, started_at(worker.pid), TOKEN, "127.0.0.1", 4777, time.time()),
        *("x", 1, "1.2"),
    )
    write_record(workspace_of(two, "dev"), record)
    row = told(two)["dev"]
    assert (row["running"], row["port"], row["models"]) == (True, 4777, 1)
    lines = two.cli("profile", "list").out.splitlines()
    assert lines[2].split() == ["dev", "4777", "running", "1", "demo"]
    ran = two.cli("profile", "remove", "dev", "--yes")
    assert (ran.code, ran.err) == (
        6,
        "The gateway of dev is running.\n`freerouter --profile dev stop` stops it.\n",
    )


def test_a_file_that_cannot_be_read_spoils_only_its_own_line(two: World) -> None:
    (profile(two, "dev") / "providers.yaml").write_text("providers: {\n")
    rows = told(two)
    assert (rows["default"]["problem"], rows["dev"]["problem"]) == (
        "",
        "providers.yaml cannot be read",
    )


def test_what_is_no_profile_is_not_listed(two: World) -> None:
    (profile(two, "empty")).mkdir()
    (two.workspace / "profiles" / "file").touch()
    assert list(told(two)) == ["default", "dev"]


def test_nothing_is_set_up_yet(world: World) -> None:
    assert world.cli("profile", "list").out.splitlines()[1].split() == [
        *("default", "yes", "not", "set", "up"),
    ]


# Making and copying


def test_each_has_a_port_that_no_other_has(two: World) -> None:
    for name in ("a", "b"):
        assert two.cli("profile", "new", name).code == 0
    assert len({port_of(two, name) for name in ("", "dev", "a", "b")}) == 4
    ran = two.cli("profile", "new", "c", "--port", "4001")
    assert (ran.code, ran.err.splitlines()[0]) == (
        2,
        "Port 4001 is that of the profile dev.",
    )
    assert two.cli("profile", "new", "c", "--port", "4100").code == 0
    assert port_of(two, "c") == 4100
    assert two.cli("profile", "new", "d", "--port", "70000").code == 2


def test_one_that_init_makes_has_its_own_port_too(two: World) -> None:
    assert two.cli("--profile", "work", "init").code == 0
    assert port_of(two, "work") == 4002


@pytest.mark.parametrize(
    "text",
    [
        "# mine\nproviders:\n  - {type: demo}  # here\n",
        "gateway: {port: 4000, host: 127.0.0.1}  # mine\nproviders: [{type: demo}]\n",
        "gateway:\n  # where\n  port: 4000  # mine\nproviders:\n  - type: demo\n",
        "gateway:  # mine\n  host: 127.0.0.1\nproviders:\n  - type: demo\n",
        "gateway:  # mine\nproviders:\n  - type: demo\n",
    ],
)
def test_it_may_begin_with_what_another_has(world: World, text: str) -> None:
    world.providers(text)
    assert world.cli("profile", "new", "dev", "--from", "default", "--port", "4100").code == 0
    made = (profile(world, "dev") / "providers.yaml").read_text()
    assert ("# mine" in made, port_of(world, "dev"), port_of(world, "")) == (True, 4100, 4000)
    assert [e.name for e in load_providers(workspace_of(world, "dev")).entries] == ["demo"]


def test_a_copy_has_its_keys_its_flows_and_a_gateway_key_of_its_own(two: World) -> None:
    (profile(two, "dev") / ".env").write_text("LITELLM_MASTER_KEY=sk-of-dev-0123456789\nMINE=k1\n")
    (profile(two, "dev") / "flows").mkdir()
    (profile(two, "dev") / "flows" / "own.yaml").write_text("flow: own\n")
    (profile(two, "dev") / "state").mkdir(exist_ok=True)
    (profile(two, "dev") / "state" / "models.json").write_text("{}")
    assert two.cli("profile", "copy", "dev", "st").code == 0
    copy = read_env_file(str(profile(two, "st") / ".env"))
    assert copy["MINE"] == "k1"
    assert copy["LITELLM_MASTER_KEY"] not in ("", "sk-of-dev-0123456789")
    assert (profile(two, "st") / ".env").stat().st_mode & 0o777 == 0o600
    assert (profile(two, "st") / "flows" / "own.yaml").exists()
    assert not (profile(two, "st") / "state" / "models.json").exists()


def test_a_new_one_takes_no_keys_along_and_says_so(two: World) -> None:
    (profile(two, "dev") / ".env").write_text("MINE=k1\n")
    ran = two.cli("profile", "new", "st", "--from", "dev")
    assert "Keys of dev alone were not taken along: MINE." in ran.out
    assert "MINE" not in read_env_file(str(profile(two, "st") / ".env"))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            ["new", "dev"],
            2,
            'There is a profile "dev" already.\n`freerouter profile remove dev` takes it away.\n',
        ),
        (
            ["new", "default"],
            2,
            "`default` is the workspace itself.\n`freerouter init` sets that up.\n",
        ),
        (["new", "x", "--from", "dve"], 4, 'There is no profile "dve".\nDid you mean "dev"?\n'),
        (["copy", "zzz", "x"], 4, 'There is no profile "zzz".\nThere are: default, dev.\n'),
        (["use", "zzz"], 4, 'There is no profile "zzz".\nThere are: default, dev.\n'),
        (["remove", "zzz", "-y"], 4, 'There is no profile "zzz".\nThere are: default, dev.\n'),
        (["remove", "default", "-y"], 2, "`default` is the workspace itself, and stays.\n"),
        (
            ["remove", "dev"],
            2,
            f"{NOBODY}`freerouter profile remove dev --yes` does it.\n",
        ),
        *(
            (
                ["new", name],
                2,
                f'"{name}" cannot be the name of a profile.\n{LETTERS}',
            )
            for name in ("../x", "a/b", ".x", "x y", "é", "a\\b", "x" * 65, "~")
        ),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    two: World, words: list[str], code: int, message: str
) -> None:
    before = two.written()
    ran = two.cli("profile", *words)
    assert (ran.code, ran.out, ran.err) == (code, "", message)
    assert two.written() == before


# Which is in use


def test_the_one_in_use_is_what_commands_are_about(two: World) -> None:
    assert two.cli("profile", "use", "dev").out == "Commands are about the profile dev now.\n"
    assert in_use(two) == ["dev"]
    assert two.cli("fetch").code == 0
    assert (profile(two, "dev") / "config.yaml").exists()
    assert not (two.workspace / "config.yaml").exists()
    two.cli("profile", "use", "default")
    assert in_use(two) == ["default"]


def test_the_option_wins_over_the_variable_and_that_over_the_one_in_use(
    two: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.cli("profile", "new", "st")
    two.cli("profile", "use", "dev")
    monkeypatch.setenv("FREEROUTER_PROFILE", "st")
    assert in_use(two) == ["st"]
    assert in_use(two, "--profile", "default") == ["default"]
    assert "FREEROUTER_PROFILE is set to st" in two.cli("profile", "use", "dev").out
    monkeypatch.setenv("FREEROUTER_PROFILE", "../x")
    assert two.cli("status").code == 2


def test_a_project_has_profiles_of_its_own(two: World) -> None:
    two.cli("profile", "use", "dev")
    (two.cwd / "config").mkdir()
    (two.cwd / "config" / "providers.yaml").write_text("providers: [{type: demo}]\n")
    assert in_use(two) == ["default"]
    assert list(told(two)) == ["default"]
    two.cli("profile", "new", "ci")
    two.cli("profile", "use", "ci")
    assert in_use(two) == ["ci"]


@pytest.mark.parametrize("kept", [b"../../x\n", b"\xff", b"", b"x" * 4000])
def test_what_is_kept_of_it_leads_nowhere_else(two: World, kept: bytes) -> None:
    (two.workspace / "state").mkdir(exist_ok=True)
    (two.workspace / "state" / "profile").write_bytes(kept)
    assert in_use(two) == ["default"]


def test_a_profile_that_is_not_there_is_not_taken_for_a_fresh_start(two: World) -> None:
    two.cli("profile", "use", "dev")
    (profile(two, "dev") / "providers.yaml").unlink()
    ran = two.cli("list")
    assert (ran.code, ran.err.splitlines()[0]) == (3, "There is no profile dev.")
    assert "`freerouter profile new dev` makes it" in ran.err
    assert in_use(two) == []
    assert two.cli("profile", "use", "default").code == 0


def test_using_can_be_taken_back(two: World) -> None:
    assert result("profile", "use", "dev").undo == (("profile", "use", "default"),)
    assert result("profile", "use", "dev").undo == ()


def test_the_prompt_names_it() -> None:
    assert prompt_of("", 0) == "freerouter> "
    assert prompt_of("dev", 3) == "freerouter (dev) [3]> "


# Keys


def test_keys_of_the_workspace_count_in_a_profile_that_has_not_its_own(
    two: World, server: FakeServer
) -> None:
    server.replies["/v1/models"] = openai_list("a")
    (two.workspace / ".env").write_text(
        "LAB_API_KEY=shared-key\nLITELLM_MASTER_KEY=sk-root-0123456789\n"
    )
    path = profile(two, "dev") / "providers.yaml"
    path.write_text(
        f"providers:\n  - {{type: oai, name: lab, api_base: '{server.url}/v1'}}\n".replace(
            "}", ", api_key: '${LAB_API_KEY}'}"
        )
    )
    assert two.cli("--profile", "dev", "fetch").code == 0
    assert server.seen[-1].key == "shared-key"
    with (profile(two, "dev") / ".env").open("a") as file:
        file.write("LAB_API_KEY=own-key\n")
    assert two.cli("--profile", "dev", "fetch", "--fresh").code == 0
    assert server.seen[-1].key == "own-key"
    written = {p: text for p, text in two.written().items() if not p.endswith(".env")}
    assert not any("shared-key" in text or "own-key" in text for text in written.values())


def test_the_gateways_key_is_each_ones_own(two: World) -> None:
    (two.workspace / ".env").write_text("LITELLM_MASTER_KEY=sk-root-0123456789\n")
    keys = [two.cli(*more, "keys", "show", "master").out for more in ((), ("--profile", "dev"))]
    assert keys[0] == "sk-root-0123456789\n"
    assert keys[1] != keys[0]


# Removing


def test_what_was_written_by_hand_is_kept_aside_and_keys_are_not(two: World) -> None:
    text = (profile(two, "dev") / "providers.yaml").read_text()
    (profile(two, "dev") / ".env").write_text("MINE=the-own-key\n")
    ran = two.cli("profile", "remove", "dev", "-y")
    assert ran.code == 0
    assert "1 key of its own went: MINE." in ran.out
    assert not profile(two, "dev").exists()
    assert list(told(two)) == ["default"]
    (kept,) = (two.workspace / "profiles" / ".removed").glob("dev.*")
    assert (kept / "providers.yaml").read_text() == text
    assert not any("the-own-key" in text for text in two.written().values())


def test_two_of_a_name_that_are_removed_are_both_kept(two: World) -> None:
    for _ in range(2):
        two.cli("profile", "remove", "dev", "-y")
        two.cli("profile", "new", "dev")
    assert len(list((two.workspace / "profiles" / ".removed").iterdir())) == 2


@pytest.mark.parametrize("words", [("use",), ("--profile",)])
def test_the_one_in_use_stays(two: World, words: tuple[str, ...]) -> None:
    if words == ("use",):
        two.cli("profile", "use", "dev")
        ran = two.cli("profile", "remove", "dev", "-y")
    else:
        ran = two.cli("--profile", "dev", "profile", "remove", "dev", "-y")
    assert (ran.code, ran.err.splitlines()[0]) == (2, "The profile dev is in use.")


class Asked:
    """A front end with somebody who says yes or no."""

    def __init__(self, *, says: bool) -> None:
        self.says = says
        self.heard: list[str] = []

    def event(self, event: Event) -> None:
        return

    def secret(self, prompt: str) -> str | None:
        return None

    def asker(self) -> Any:
        return self

    def ask(self, question: Question) -> Answer:
        self.heard.append(question.message)
        return Answer(question.id, self.says)


def test_before_a_profile_goes_it_is_asked(two: World) -> None:
    (profile(two, "dev") / ".env").write_text("MINE=k1\n")
    front = Asked(says=False)
    session = Session(front)
    with pytest.raises(CancelledError):
        session.run(session.parse("profile remove dev"))
    assert front.heard == ["Remove the profile dev? Its own keys go with it: MINE."]
    assert profile(two, "dev").exists()
    front.says = True
    session.run(session.parse("profile remove dev"))
    assert not profile(two, "dev").exists()


# Differences


def test_the_differences_are_told_value_by_value_and_secrets_are_hidden(two: World) -> None:
    two.providers(
        "spend: never\nproviders:\n"
        "  - {type: oai, name: lab, api_base: http://a/v1, api_key: '${LAB}'}\n"
        "  - {type: groq, api_key: gsk-canary-one}\n  - {type: demo}\n"
    )
    (profile(two, "dev") / "providers.yaml").write_text(
        "gateway: {port: 4100}\nproviders:\n"
        "  - {type: demo}\n  - {type: groq, api_key: gsk-canary-two}\n"
        "  - {type: oai, name: lab, api_key: '${OTHER}', api_base: http://a/v1}\n"
    )
    ran = two.cli("profile", "diff", "default", "dev")
    assert ran.out.splitlines() == [
        "SETTING                 DEFAULT   DEV",
        "gateway.port            -         4100",
        "providers.groq.api_key  (hidden)  (hidden)",
        "providers.lab.api_key   ${LAB}    ${OTHER}",
        "spend                   never     -",
    ]
    found = json.loads(two.cli("profile", "diff", "default", "dev", "--json").out)
    assert found["differences"][0] == {"path": "gateway.port", "one": None, "other": 4100}
    assert "canary" not in json.dumps(found)
    assert two.cli("profile", "diff", "dev", "dev").out == "They ask for the same.\n"


# Side by side


@pytest.mark.gateway
def test_two_gateways_run_side_by_side_and_end_one_by_one(gateway: World) -> None:
    assert gateway.cli("profile", "new", "dev", "--from", "default").code == 0
    for more in ((), ("--profile", "dev")):
        assert gateway.cli(*more, "fetch").code == 0
        assert gateway.cli(*more, "start").code == 0
    try:
        rows = told(gateway)
        assert [row["running"] for row in rows.values()] == [True, True]
        assert rows["default"]["port"] != rows["dev"]["port"]
        for more in ((), ("--profile", "dev")):
            assert gateway.cli(*more, "ask", "Hello").code == 0
        assert gateway.cli("stop").code == 0
        assert [row["running"] for row in told(gateway).values()] == [False, True]
        assert gateway.cli("--profile", "dev", "ask", "Hello").code == 0
    finally:
        gateway.cli("--profile", "dev", "stop", "--timeout", "2")
