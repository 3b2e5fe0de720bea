"""Scripts: a plain list of commands, checked as a whole, run until one fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes import openrouter

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World
    from fakes import FakeServer


def script(world: World, text: str | bytes, name: str = "set-up.frs") -> Path:
    path = world.cwd / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_commands_run_one_after_the_other(world: World) -> None:
    script(world, "init\nfetch\nlist\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 0
    made, fetched, listed = (
        ran.out.index(text) for text in ("Made ~", " in config.yaml.", "MODEL  PROVIDER")
    )
    assert made < fetched < listed
    assert (world.workspace / "config.yaml").is_file()


def test_it_stops_at_the_first_failure_with_its_line_and_its_exit_code(world: World) -> None:
    script(world, "# a gateway that is not there\ninit\n\nstatus\nfetch\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 6
    assert ran.err.endswith("set-up.frs:4: `status` failed (exit code 6).\n")
    assert not (world.workspace / "config.yaml").exists()


def test_an_error_stops_it_as_well(world: World) -> None:
    script(world, "fetch\ninit\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 3
    assert "Nothing is configured yet." in ran.err
    assert ran.err.endswith("set-up.frs:1: `fetch` failed (exit code 3).\n")
    assert not world.workspace.joinpath("providers.yaml").exists()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("stats", 'There is no command "stats".'),
        ("fetch --tiemout 3", "`fetch` has no option --tiemout."),
        ('ask "open', "This line cannot be read"),
        ("run other.frs", "`run` cannot stand in a script."),
        ("shell", "`shell` cannot stand in a script."),
        ("keys set x sk-canary-0123456789abcdef", "looks like a key"),
    ],
)
def test_the_whole_file_is_checked_before_anything_runs(world: World, line: str, what: str) -> None:
    script(world, f"init\n{line}\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.startswith("set-up.frs:2: ")
    assert what in ran.err
    assert "canary" not in ran.err
    assert not world.workspace.joinpath("providers.yaml").exists()


def test_comments_blank_lines_prompts_and_the_commands_own_name_are_fine(world: World) -> None:
    script(world, "\n  # first\n> init\n   freerouter fetch   # then this\n\t\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 0
    assert " in config.yaml." in ran.out


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_any_line_ending_and_a_byte_order_mark_are_fine(world: World, end: str) -> None:
    script(world, b"\xef\xbb\xbfinit" + end.encode())
    assert world.cli("run", "set-up.frs").code == 0


def test_an_empty_script_does_nothing_well(world: World) -> None:
    script(world, "# nothing yet\n")
    assert world.cli("run", "set-up.frs") == (0, "", "")


def test_a_missing_file_is_named(world: World) -> None:
    ran = world.cli("run", "nowhere.frs")
    assert ran.code == 2
    assert ran.err == "Cannot read nowhere.frs.\nNo such file or directory.\n"


def test_a_directory_is_no_script(world: World) -> None:
    ran = world.cli("run", ".")
    assert ran.code == 2
    assert ran.err.startswith("Cannot read ..")


def test_a_binary_file_is_refused_unread(world: World) -> None:
    script(world, bytes(range(256)))
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 2
    assert "set-up.frs is not UTF-8 text." in ran.err


def test_a_command_of_the_script_may_answer_in_json(world: World) -> None:
    script(world, "init --json\nstatus\n")
    ran = world.cli("run", "set-up.frs")
    first, _, rest = ran.out.partition("\n")
    assert json.loads(first)["made"] is True
    assert rest.startswith("Gateway not running")


def test_json_for_the_script_is_json_for_each_command(world: World) -> None:
    script(world, "init\nfetch\n")
    ran = world.cli("run", "set-up.frs", "--json")
    made, fetched = (json.loads(line) for line in ran.out.splitlines())
    assert made["made"] is True
    assert fetched["models"] == 1


def test_a_script_may_be_piped(world: World) -> None:
    ran = world.process(stdin="init\nfetch\nstatus\nlist\n")
    assert ran.code == 6
    assert " in config.yaml." in ran.out
    assert ran.err == "standard input:3: `status` failed (exit code 6).\n"


def test_a_piped_script_may_be_asked_for_by_a_dash(world: World) -> None:
    ran = world.process("run", "-", stdin="\ufeffstats\n")
    assert ran.code == 2
    assert ran.err.startswith('standard input:1: There is no command "stats".')


def test_nothing_piped_is_nothing_done(world: World) -> None:
    assert world.process(stdin="") == (0, "", "")


FLOW = "> flow onboarding --set start=no\n"
ANSWERS = (
    "? place\n< user\n? providers: Which providers do you want to use?\n< demo\n"
    "? fetch\n< ^default\n? apply\n< yes\n"
)
KEY = "sk-or-v1-canary-0123456789"


def test_a_script_answers_the_questions_of_a_flow(world: World) -> None:
    script(world, f"# all of it\n{FLOW}{ANSWERS}> list\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 0, ran.err
    assert "This will be done:\n  init --at user\n  providers add demo\n  fetch\n" in ran.out
    assert ran.out.index("> fetch\n") < ran.out.index("MODEL ")
    assert "openai/demo" in (world.workspace / "config.yaml").read_text()


def test_a_script_goes_back_asks_for_help_and_changes_an_answer(world: World) -> None:
    text = (
        f"{FLOW}? place\n< project\n? providers\n< ^help\n? providers\n< ^back\n? place\n< user\n"
        "? providers\n< demo\n? fetch\n< no\n? apply\n< ^change fetch\n? fetch\n< yes\n"
        "? apply\n< yes\n"
    )
    script(world, text)
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 0, ran.err
    assert "are chosen already" in ran.out
    assert (world.workspace / "config.yaml").is_file()


def test_a_key_comes_out_of_a_variable_and_is_shown_nowhere(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    monkeypatch.setenv("WRONG", "sk-wrong-0123456789abcdef")
    monkeypatch.setenv("MINE", KEY)
    script(
        world,
        f"{FLOW}? place\n< user\n? providers\n< openrouter\n? openrouter.key\n< env:WRONG\n"
        "? openrouter.key\n< env:MINE\n? fetch\n< no\n? apply\n< yes\n",
    )
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 0, ran.err
    assert "OpenRouter refused this key (401)." in ran.out + ran.err
    assert KEY not in ran.out + ran.err
    assert [p for p, text in world.written().items() if KEY in text] == [
        str(world.workspace / ".env")
    ]


def test_a_refused_answer_can_be_skipped(
    world: World, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    openrouter(server, KEY)
    world.override("openrouter", base_url=f"{server.url}/api/v1")
    monkeypatch.setenv("WRONG", "sk-wrong-0123456789abcdef")
    script(
        world,
        f"{FLOW}? place\n< user\n? providers\n< openrouter,demo\n? openrouter.key\n< env:WRONG\n"
        "? openrouter.key\n< ^skip\n? fetch\n< no\n? apply\n< yes\n",
    )
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 0, ran.err
    assert "OpenRouter is left out: it has no key." in ran.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("? place\n< user\n" + FLOW, "set-up.frs:1: A question belongs to a command"),
        (FLOW + "< user\n", "set-up.frs:2: This answers no question."),
        (FLOW + "? place\n", "set-up.frs:2: the question place has no answer."),
        (FLOW + "? place\n> list\n", "set-up.frs:2: the question place has no answer."),
        (FLOW + "? place\n? fetch\n", "set-up.frs:2: the question place has no answer."),
        (FLOW + "? place\n< user\nlist\n", "set-up.frs:4: This command has no sigil."),
        (FLOW + f"? x.key\n< {KEY}\n", "set-up.frs:3: This answer looks like a key"),
    ],
)
def test_questions_and_answers_belong_together(world: World, text: str, said: str) -> None:
    before = world.written()
    script(world, text)
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 2
    assert ran.err.startswith(said)
    assert KEY not in ran.err
    assert world.written() == {**before, str(world.cwd / "set-up.frs"): text}


@pytest.mark.parametrize(
    ("answers", "code", "said"),
    [
        ("? place\n< user\n", 1, "The script has no answer to providers.\n"),
        ("? providers\n< demo\n", 1, "set-up.frs:3: the script answers providers, but place is"),
        ("? place\n< env:NOPE\n", 1, "set-up.frs:3: place is to come from NOPE, which is not set."),
        ("? place\n< ^cancel\n", 130, "Nothing was changed.\n"),
        (ANSWERS.replace("< yes", "< no"), 130, "Nothing was changed.\n"),
        ("? place\n< mars\n", 1, 'place cannot be "mars".'),
        ("? place\n< mars\n", 1, "set-up.frs:3: this is no answer to place.\n"),
        ("? place\n< mars\n? place\n< venus\n", 1, "set-up.frs:5: this is no answer to place.\n"),
    ],
)
def test_what_does_not_fit_stops_the_script_before_anything_is_changed(
    world: World, answers: str, code: int, said: str
) -> None:
    script(world, f"{FLOW}{answers}")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == code
    assert said in ran.err
    assert f": `{FLOW[2:].strip()}` " in ran.err
    assert not (world.workspace / "providers.yaml").exists()


def test_answers_that_nobody_asked_for_are_told_with_their_line(world: World) -> None:
    script(world, f"{FLOW}{ANSWERS}? start\n< no\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 1
    assert "set-up.frs:10: `flow onboarding --set start=no` did not say what is " in ran.err
    assert "\n- ? start\n" in ran.err


def test_a_second_answer_that_nobody_asked_for_is_told_with_its_line(world: World) -> None:
    script(world, f"{FLOW}{ANSWERS}| Done.\n< no\n")
    ran = world.cli("run", "set-up.frs")
    assert ran.code == 1
    assert ran.err == "set-up.frs:11: nobody asked for apply.\n"


def test_a_flow_in_a_piped_script_is_answered_as_well(world: World) -> None:
    ran = world.process(stdin=f"{FLOW}{ANSWERS}> status\n")
    assert ran.code == 1
    assert "openai/demo" in (world.workspace / "config.yaml").read_text()
