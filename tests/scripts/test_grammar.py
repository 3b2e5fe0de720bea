"""The grammar of `.frs`: what a file means, and what is said to a file that means nothing."""

from __future__ import annotations

import pytest

from freerouter.durations import seconds
from freerouter.errors import UsageError
from freerouter.scripts.grammar import expand, parse
from freerouter.scripts.nodes import (
    AnswerLine,
    Directive,
    ExitCode,
    Expect,
    Node,
    Phase,
    Question,
    Script,
    Step,
    dump,
)
from freerouter.scripts.patterns import compile_pattern

SESSION = """\
#!freerouter session 1
# First run: two providers, keys from the environment.
@home fresh
@need env GROQ_API_KEY
@fake providers fakes/two free.yaml

== Choose providers and give keys
> init --wizard
? providers: Which providers do you want to use?
< groq, cerebras
? groq.key: Groq API key
< env:GROQ_API_KEY
| Groq       key works, {n:int} models
? cerebras.key
< sk-wrong-0123456789abcdef

# it is refused, and asked for again
! Cerebras refused this key (401).
  < ^skip
? apply: Do this now?
< ^change providers
? apply
< yes
|...
| Ready: http://127.0.0.1:{port:port}/v1

== Use it
> list --json
|/ ^\\{"models": .*\\}$
@wait 500ms gateway stopped
@set LIMIT five hundred
@always
> list --provider nope
! There is no provider "nope".
= 4
"""
FLOW = "> flow onboarding\n"
KEY = "sk-or-v1-canary-0123456789"


def read(text: str) -> Script:
    return parse(text, "set-up.frs")


def refused(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(text)
    return str(caught.value)


def unnumbered(script: Script) -> tuple[object, ...]:
    """Everything of a script but its line numbers, which all nodes have first."""

    def plain(node: Node) -> tuple[object, ...]:
        talk = [(type(s), *s[1:]) for s in node.talk] if isinstance(node, Step) else []
        return (type(node), node[1:-1] if talk else node[1:], *talk)

    return (script.name, script.kind, script.sigils, *map(plain, script.steps))


def test_a_list_of_commands_is_a_script() -> None:
    script = read("# set-up.frs\ninit\n\n  fetch --limit 5  # a few\n> list\n")
    assert (script.name, script.kind, script.sigils) == ("set-up.frs", "script", False)
    assert script.steps == (Step(2, "init"), Step(4, "fetch --limit 5  # a few"), Step(5, "list"))


def test_a_session_is_a_conversation() -> None:
    script = read(SESSION)
    assert (script.kind, script.sigils) == ("session", True)
    assert script.steps[:4] == (
        Directive(3, "home", "fresh"),
        Directive(4, "need", "env GROQ_API_KEY"),
        Directive(5, "fake", "providers fakes/two free.yaml"),
        Phase(7, "Choose providers and give keys"),
    )
    wizard, listed, missing = script.commands
    assert (wizard.line, wizard.text) == (8, "init --wizard")
    assert wizard.talk[:5] == (
        Question(9, "providers", "Which providers do you want to use?"),
        AnswerLine(10, "groq, cerebras"),
        Question(11, "groq.key", "Groq API key"),
        AnswerLine(12, "env:GROQ_API_KEY"),
        Expect(13, False, compile_pattern(" Groq       key works, {n:int} models")),
    )
    assert wizard.talk[5:9] == (
        Question(14, "cerebras.key", None),
        AnswerLine(15, "sk-wrong-0123456789abcdef"),
        Expect(18, True, compile_pattern(" Cerebras refused this key (401).")),
        AnswerLine(19, "^skip"),
    )
    assert listed.talk == (Expect(29, False, compile_pattern('/ ^\\{"models": .*\\}$')),)
    assert missing.talk[-1] == ExitCode(35, 4)
    assert script.steps[-2] == Directive(32, "always", "")


@pytest.mark.parametrize("text", [SESSION, "init\n> fetch\n> @odd\n", "", "#!freerouter session 1"])
def test_what_is_written_back_reads_the_same(text: str) -> None:
    script = read(text)
    again = read(dump(script))
    assert unnumbered(again) == unnumbered(script)
    assert dump(again) == dump(script)


def test_a_file_is_written_back_with_its_phases_apart() -> None:
    top = "#!freerouter script 1\n@need engine\n"
    text = top + "\n== Go\n> start\n? a: b: c\n<\n|\n|?\n! x {{}}\n= 0\n"
    assert dump(read(text)) == text


@pytest.mark.parametrize("text", [SESSION, "", "init", "\ufeffinit\r\n\r\n# a\r\nlist", "\n\n"])
def test_the_lines_of_the_file_are_kept_to_the_byte(text: str) -> None:
    assert "\n".join(read(text).lines) == text


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_any_line_ending_and_a_byte_order_mark_are_fine(start: str, end: str) -> None:
    text = start + "#!freerouter session 1\n> list\n|   two  \n= 0".replace("\n", end)
    script = read(text)
    assert script.kind == "session"
    assert script.steps == (
        Step(2, "list", (Expect(3, False, compile_pattern("   two")), ExitCode(4, 0))),
    )


def test_only_a_newline_ends_a_line() -> None:
    assert read("say a\u2028b\nlist\n").steps[1] == Step(2, "list")


@pytest.mark.parametrize("header", ["#!freerouter session 1", "#! freerouter session  1"])
def test_a_header_may_stand_below_a_shebang(header: str) -> None:
    assert read(f"#!/usr/bin/env freerouter\n{header}\n").kind == "session"


def test_a_shebang_is_a_comment_and_a_header_is_no_sigil() -> None:
    assert read("#!/usr/bin/env freerouter\nlist\n").kind == "script"
    assert read("#!/usr/bin/env -S freerouter run\nlist\n").steps == (Step(2, "list"),)
    assert not read("#!freerouter script 1\nlist\n").sigils
    assert read("#!freerouter-notes\nlist\n").kind == "script"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "#!freerouter sesion 1\n",
            '1: There is no kind "sesion" of file. Did you mean "session"?',
        ),
        ("#!freerouter\n", "1: The header names no kind."),
        ("#!freerouter script\n", "1: The header does not say which version of a script this is."),
        ("#!freerouter script 2\n", '1: Version "2" of a script is none that can be read here.'),
        ("#!freerouter script 1 x\n", '1: Version "1 x" of a script'),
        ("# hello\n#!freerouter session 1\n", "2: The header stands only on line 1. Move it"),
        ("#!freerouter script 1\n#!freerouter session 1\n", "2: The header stands only on line 1."),
        ("#!/bin/sh\n\n#!freerouter session 1\n", "3: The header stands only on line 1."),
    ],
)
def test_a_header_that_cannot_be_meant_is_told(text: str, said: str) -> None:
    assert refused(text).startswith(f"set-up.frs:{said}")


@pytest.mark.parametrize(
    ("text", "line", "first"),
    [
        ("> init\nlist\n= 0\n", 2, 3),
        ("list\n? place\n< user\n", 1, 2),
        ("@home fresh\n== Phase\nlist\n", 3, 1),
        ("# x\n\n> init\n| Made\nfetch\n", 5, 4),
    ],
)
def test_sigils_throughout_or_not_at_all(text: str, line: int, first: int) -> None:
    said = refused(text)
    assert said.startswith(f"set-up.frs:{line}: This command has no sigil.")
    assert f"the first is on line {first}." in said


def test_a_session_has_sigils() -> None:
    assert refused("#!freerouter session 1\nlist\n").startswith(
        "set-up.frs:2: In a session a command begins with `>`."
    )
    assert read("#!freerouter session 1\n> list\n").sigils


def test_an_unknown_sigil_is_told_with_those_that_there_are() -> None:
    said = refused("> list\n| x\n~ foo\n")
    assert said.startswith("set-up.frs:3: No line begins with ~. The sigils are: @ directive, ==")
    assert refused("list\n% foo\n").startswith("set-up.frs:2: No line begins with %.")


@pytest.mark.parametrize("line", ["--json list", '"list"', "'list' x", "${WHAT} x", "2 x"])
def test_a_command_may_begin_with_what_is_no_letter(line: str) -> None:
    assert read(f"{line}\n").commands[0].text == line


@pytest.mark.parametrize("line", ["? place", "< user", "| x", "! x", "= 0"])
@pytest.mark.parametrize("before", ["", "@home fresh\n", "> list\n== Next\n", "> list\n@always\n"])
def test_nothing_is_said_before_there_is_a_command(before: str, line: str) -> None:
    said = refused(f"{before}{line}\n")
    number = before.count("\n") + 1
    assert said.startswith(f"set-up.frs:{number}: ")
    assert "belongs to a command, and there is none before it." in said or line == "< user"


@pytest.mark.parametrize(
    "after",
    ["", "? fetch\n< yes\n", "> list\n", "== Next\n", "@always\n", "| x\n", "! x\n", "= 0\n"],
)
def test_a_question_is_answered_at_once(after: str) -> None:
    said = refused(f"{FLOW}? place: Where?\n# it stays open\n{after}")
    assert said.startswith("set-up.frs:2: the question place has no answer.")


@pytest.mark.parametrize("before", ["", "| x\n", "? place\n< user\n", "? place\n< user\n= 0\n"])
def test_an_answer_answers_a_question(before: str) -> None:
    number = before.count("\n") + 2
    assert refused(f"{FLOW}{before}< user\n").startswith(
        f"set-up.frs:{number}: This answers no question."
    )


def test_a_refused_answer_is_followed_by_another() -> None:
    said = "? place\n< mars\n! No such place.\n| Places: user\n< moon\n! No such place.\n< user\n"
    talk = read(FLOW + said).commands[0].talk
    assert [s.text for s in talk if isinstance(s, AnswerLine)] == ["mars", "moon", "user"]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "user",
        "a, b",
        "env:GROQ_API_KEY",
        "^back",
        "^default",
        "^skip",
        "^help",
        "^cancel",
        "a^b",
    ],
)
def test_answers_are_values_or_moves(answer: str) -> None:
    talk = read(f"{FLOW}? place\n< {answer}\n").commands[0].talk
    assert talk[1] == AnswerLine(3, answer)


@pytest.mark.parametrize(
    ("question", "answer", "said"),
    [
        ("place", "^bakc", 'There is no answer ^bakc. Did you mean "^back"?'),
        ("place", "^zzz", "There is no answer ^zzz. There are: ^back, ^default"),
        ("place", "^back now", "^back stands alone."),
        ("place", "^change place", "^change names one question, and answers only the last."),
        ("apply", "^change", "^change names one question"),
        ("apply", "^change a b", "^change names one question"),
        ("place", "env:", "This is not the name of a variable."),
        ("place", "env:A-B", "This is not the name of a variable."),
        ("place", KEY, "This answer looks like a key, and keys never stand in a script."),
        ("place", f"env:{KEY}", "This answer looks like a key"),
    ],
)
def test_an_answer_that_cannot_be_meant_is_told(question: str, answer: str, said: str) -> None:
    error = refused(f"{FLOW}? {question}\n< {answer}\n")
    assert error.startswith(f"set-up.frs:3: {said}")
    assert KEY not in error


@pytest.mark.parametrize("line", ["?", "? : Where?", "? which place", "? which place: Where?"])
def test_a_question_is_known_by_one_word(line: str) -> None:
    assert refused(f"{FLOW}{line}\n< x\n").startswith(
        "set-up.frs:2: The id of a question is one word."
    )


@pytest.mark.parametrize("code", ["", "256", "-1", "four", "1 2", "٣", "0004"])
def test_an_exit_code_is_a_small_number(code: str) -> None:
    assert refused(f"> list\n= {code}\n").startswith("set-up.frs:2: This is no exit code.")


@pytest.mark.parametrize("line", ["= 0", "| x", "! x", "? place"])
def test_nothing_follows_the_exit_code(line: str) -> None:
    said = refused(f"> list\n= 4\n{line}\n")
    assert said.startswith("set-up.frs:3: ")
    assert "cannot follow the exit code of its command. That is on line 2." in said


@pytest.mark.parametrize(
    "line",
    [
        "@need env GROQ_API_KEY",
        "@need engine",
        "@home fresh",
        "@fake providers fakes/a b.yaml",
        "@wait 30s gateway ready",
        "@wait 1.5m gateway stopped",
        "@set NAME some value",
        "@always",
    ],
)
def test_directives_are_read(line: str) -> None:
    name, _, arguments = line[1:].partition(" ")
    assert read(line).steps == (Directive(1, name, arguments),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("@", "There is no directive @. There are: @need, @home"),
        ("@hoem fresh", 'There is no directive @hoem. Did you mean "@home"?'),
        ("@need", "@need is not written like this. `@need env NAME` or `@need engine`."),
        ("@need env", "@need is not"),
        ("@need env A B", "@need is not"),
        ("@need env 1A", "@need is not"),
        ("@need motor", "@need is not"),
        ("@home", "@home is not"),
        ("@home old", "@home is not"),
        ("@fake providers", "@fake is not"),
        ("@fake keys x", "@fake is not"),
        ("@wait 30 gateway ready", "@wait is not"),
        ("@wait 30s gateway up", "@wait is not"),
        ("@wait gateway ready", "@wait is not"),
        ("@set NAME", "@set is not"),
        ("@set 1 x", "@set is not"),
        ("@always on", "@always is not"),
    ],
)
def test_a_directive_that_cannot_be_meant_is_told(line: str, said: str) -> None:
    assert refused(f"# first\n{line}\n").startswith(f"set-up.frs:2: {said}")


def test_a_phase_has_a_title() -> None:
    assert refused("==\n").startswith("set-up.frs:1: This phase has no title.")
    assert read("==Go = on\n").steps == (Phase(1, "Go = on"),)


@pytest.mark.parametrize("line", [">", ">  ", "> # nothing"])
def test_a_command_line_has_a_command(line: str) -> None:
    assert refused(f"list\n{line}\n") == "set-up.frs:2: There is no command behind the `>`."


@pytest.mark.parametrize("line", ["say 'a", 'say "a', 'say "a\\"', "say 'it' is'", "say a\\"])
def test_a_quote_is_closed(line: str) -> None:
    said = refused(f"list\n{line}\n")
    assert said.startswith("set-up.frs:2: This line cannot be read: no ")


@pytest.mark.parametrize(
    "line", ["say 'a' \"b\"", "say C#", "say a # it's", 'say "a\\"b"', "say ''"]
)
def test_quotes_and_comments_of_a_command_are_left_to_the_shell_parser(line: str) -> None:
    assert read(line).steps == (Step(1, line),)


@pytest.mark.parametrize("line", ["say ${", "say ${}", "say ${1A}", "say ${A", "say ${A:b}"])
def test_a_variable_is_written_whole(line: str) -> None:
    assert refused(line).startswith("set-up.frs:1: A `${` on this line begins no variable.")


def test_variables_are_replaced() -> None:
    assert read("say ${A} ${B:-two}").steps == (Step(1, "say ${A} ${B:-two}"),)
    assert expand("${A}-${B:-two}-$C-${A}", {"A": "1"}) == "1-two-$C-1"
    assert expand("${B:-two}", {"B": "three"}) == "three"
    assert expand("${B:-}", {}) == ""
    with pytest.raises(UsageError, match=r"The variable A is not set\. `--set A=VALUE` does\."):
        expand("${A}", {})


@pytest.mark.parametrize(
    ("text", "wanted"), [("30s", 30.0), ("500ms", 0.5), ("2m", 120.0), ("1.5h", 5400.0)]
)
def test_times_are_read(text: str, wanted: float) -> None:
    assert seconds(text) == pytest.approx(wanted)


def test_a_time_has_a_unit() -> None:
    with pytest.raises(UsageError, match='"30" is no time'):
        seconds("30")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("|Made", "No space stands before the text."),
        ("|*Made*", "A glob has a space before it."),
        ("|... more", "`...` stands alone on its line."),
        ("|/ (", "The regular expression cannot be read: missing )"),
        ("! {n:itn}", 'There is no kind "itn" of placeholder. Did you mean "int"?'),
        ("! {n}", "`{n}` has no kind yet."),
        ("! a } b", "The brace at character 3 has no other half."),
        ("! {name:float}", "`{name}` is int elsewhere, and cannot be float here."),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_told(pattern: str, said: str) -> None:
    error = refused(f"> list\n| {{name:int}}\n> list\n{pattern}\n")
    assert error.startswith(f"set-up.frs:4: {said}")


def test_a_placeholder_keeps_its_kind_throughout_the_file() -> None:
    script = read("> a\n| {port:port}\n> b\n! on {port}\n")
    second = script.commands[1].talk[0]
    assert isinstance(second, Expect)
    assert second.pattern.kinds == {"port": "port"}


@pytest.mark.parametrize("bad", ["\0", "\x1b[0m", "\x07", "\x7f", "\x85", "a\rb"])
def test_control_characters_are_no_text(bad: str) -> None:
    said = refused(f"list\n# {bad}\nlist\n")
    assert said.startswith(
        "set-up.frs:2: this is no text file. It holds the control character U+00"
    )


def test_bytes_of_another_encoding_are_no_text() -> None:
    assert refused("list\n".encode("utf-16-le").decode()).startswith(
        "set-up.frs:1: this is no text file."
    )


def test_a_line_has_an_end() -> None:
    text = f"list\n# {'x' * 100_000}\n"
    assert refused(text) == "set-up.frs:2: the line is longer than 100,000 characters."
    assert read(f"list\n# {'x' * 99_998}\n").steps == (Step(1, "list"),)


def test_a_file_has_an_end() -> None:
    assert refused("#\n" * 10_000_001).startswith("set-up.frs:1: the file is longer than 20 MB.")


def test_many_answers_of_one_command_are_read_in_a_moment() -> None:
    script = read(FLOW + "? place\n< ^back\n| again\n" * 20_000)
    assert len(script.commands[0].talk) == 60_000
