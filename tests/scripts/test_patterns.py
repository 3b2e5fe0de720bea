"""Patterns: which line each matches, what it binds, and which cannot be meant."""

from __future__ import annotations

import pytest

from freerouter.errors import UsageError
from freerouter.scripts.patterns import KINDS, compile_pattern, escape


def match(pattern: str, line: str, **bound: str) -> dict[str, str] | None:
    kinds = dict.fromkeys(bound, "any")
    return compile_pattern(pattern, kinds).match(line, bound)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("", ""),
        (" ", ""),
        (" Ready", "Ready"),
        ("   two in", "  two in"),
        (" ...", "..."),
        (" a{{b}}c", "a{b}c"),
        (" {{{{", "{{"),
        (" .*", ".*"),
        (" trailing ", "trailing "),
        ("? maybe", "maybe"),
        ("?maybe", "maybe"),
        ("?", ""),
        ("* Ready*", "Ready: http://127.0.0.1"),
        ("* *", ""),
        ("* *.py", "a.py"),
        ("* a?c", "abc"),
        ("* a*b*c", "a1b2b3c"),
        ("* [x] (y)+*", "[x] (y)+z"),
        ('/ ^\\{"models": .*\\}$', '{"models": []}'),
        ("/ a|ab", "ab"),
        ("/a+", "aaa"),
        ("...", "anything"),
        ("...  ", "anything"),
    ],
)
def test_a_line_matches(pattern: str, line: str) -> None:
    assert match(pattern, line) == {}


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("", " "),
        (" Ready", "Ready."),
        (" Ready", "Ready "),
        (" Ready", "ready"),
        (" .", "x"),
        ("? maybe", "surely"),
        ("* Ready*", " Ready"),
        ("* a*a", "a"),
        ("* a?c", "ac"),
        ("* a*b*c", "acb"),
        ("* ab*bc", "abc"),
        ("/ a", "aa"),
        ("/", "x"),
    ],
)
def test_a_line_does_not_match(pattern: str, line: str) -> None:
    assert match(pattern, line) is None


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", ["0", "12", "-3", "+4"], ["", "1.5", "x", "1,000", "٣"]),
        ("float", ["0.3", "12", "-1.5e-3", ".5", "1."], ["", ".", "1.2.3", "nan"]),
        ("word", ["a", "openai/demo:free", "…"], ["", "a b", " a"]),
        ("path", ["a.yaml", "~/my files/x", "/a b/c", "C:\\Program Files\\x"], ["", "my files/x"]),
        ("port", ["1", "80", "4000", "65535"], ["0", "65536", "080", "99999", "-1", "100000"]),
        (
            "duration",
            ["0.3 s", "12 ms", "2m 3s", "1.5s", "1 h 2 min", "3 days", "2m3s", "1 second"],
            ["", "3", "s", "3 x", "1.s", "2m  3s", "1.2.3s"],
        ),
        (
            "version",
            ["1.106.2", "3.11", "v2.0.0rc1", "1.0-beta.2+x"],
            ["", "3", "1.2.", "v", "x1.2"],
        ),
        (
            "date",
            [
                "2025-01-31",
                "2025-01-31T23:59",
                "2025-01-31 23:59:59.5+02:00",
                "2025-12-01T00:00:00Z",
            ],
            ["", "2025-13-01", "2025-01-32", "31.01.2025", "2025-01-31T", "2025-1-1"],
        ),
        ("any", ["", "x", "a b {c}"], []),
    ],
)
def test_kinds_of_placeholders(kind: str, good: list[str], bad: list[str]) -> None:
    for value in good:
        assert match(f" <{{x:{kind}}}>", f"<{value}>") == {"x": value}
    for value in bad:
        assert match(f" <{{x:{kind}}}>", f"<{value}>") is None


def test_every_kind_is_tested() -> None:
    assert set(KINDS) == {
        "int", "float", "word", "path", "port", "duration", "version", "date", "any",
    }  # fmt: skip


def test_placeholders_bind_in_every_mode_that_has_them() -> None:
    assert match(" {a:int} of {b:int}", "3 of 5") == {"a": "3", "b": "5"}
    assert match("? {a:int} of {b:int}", "3 of 5") == {"a": "3", "b": "5"}
    assert match("* *: {a:int} of*", "models: 3 of 5") == {"a": "3"}
    assert match("/ (?P<x>a{1,2})", "aa") == {}
    assert match(" ready in {d:duration}.", "ready in 2m 3s.") == {"d": "2m 3s"}
    assert match(" {v:version}.", "1.106.2.") == {"v": "1.106.2"}
    assert match(" {a:path} to {b:path}", "/a b to ~/c") == {"a": "/a b", "b": "~/c"}


def test_a_bound_placeholder_stands_for_its_value() -> None:
    assert match(" port {p}", "port 4000", p="4000") == {}
    assert match(" port {p}", "port 4001", p="4000") is None
    assert match(" {p}{q:any}", "a.cd", p="a.c") == {"q": "d"}
    assert match(" {p}{q:any}", "abcd", p="a.c") is None


def test_a_placeholder_twice_in_a_line_is_the_same_twice() -> None:
    assert match(" {a:word} = {a}", "x = x") == {"a": "x"}
    assert match(" {a:word} = {a}", "x = y") is None
    assert match(" {a:int} = {a:int}1", "1 = 11") == {"a": "1"}


def test_a_placeholder_whose_first_line_was_left_out_binds_where_it_stands_next() -> None:
    assert compile_pattern(" {n} models", {"n": "int"}).match("3 models", {}) == {"n": "3"}


def test_what_a_pattern_tells_of_itself() -> None:
    pattern = compile_pattern("? {n:int} of {m}", {"m": "int"})
    assert pattern.text == "? {n:int} of {m}"
    assert pattern.kinds == {"n": "int", "m": "int"}
    assert pattern.is_optional
    assert compile_pattern("... ").is_any_lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "No space stands before the text."),
        ("\tx", "No space stands before the text."),
        ("*", "A glob has a space before it. `|* text*` is one."),
        ("*x", "A glob has a space before it."),
        ("...x", "`...` stands alone on its line. `| ...` is three dots."),
        (" {", "The brace at character 1 has no other half."),
        (" a}", "The brace at character 2 has no other half. A literal brace is written twice"),
        (" {a:int", "The brace at character 1 has no other half."),
        (" {}", "`{}` is no placeholder."),
        (' {"models": 1}', '`{"models": 1}` is no placeholder.'),
        (" {1a:int}", "`{1a:int}` is no placeholder."),
        (" {a:}", 'There is no kind "" of placeholder. One of: int, float'),
        (" {a:itn}", 'There is no kind "itn" of placeholder. Did you mean "int"?'),
        (" {a}", "`{a}` has no kind yet. Where it first stands, say what it is: `{a:int}`."),
        (" {a:int} {a:float}", "`{a}` is int elsewhere, and cannot be float here."),
        ("? {a:", "The brace at character 1"),
        ("* {a}", "`{a}` has no kind yet."),
        ("/ [", "The regular expression cannot be read: unterminated character set"),
        ("/ a{99999999999}", "The regular expression cannot be read: "),
        ("/ (?P<a>x)(?P<a>y)", "The regular expression cannot be read: redefinition of group"),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_told(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_pattern(text)
    assert str(caught.value).startswith(said)


def test_an_odd_expression_warns_nobody() -> None:
    assert match("/ [[a]", "[") == {}


@pytest.mark.parametrize(
    "line", ["", " ", "Ready", "  two in", '{"a": {}}', "{{n:int}}", "* | ? / ...", "x \\d "]
)
def test_escaped_text_matches_itself_alone(line: str) -> None:
    pattern = compile_pattern(escape(line))
    assert pattern.match(line, {}) == {}
    assert pattern.match(f"{line}x", {}) is None
    assert pattern.kinds == {}


def test_a_glob_of_many_stars_is_held_against_a_long_line() -> None:
    assert match("* " + "*a" * 30 + "*b", "a" * 5_000) is None
    assert match("* " + "*ab" * 120 + "*", "ab" * 120) == {}
