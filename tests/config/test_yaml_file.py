"""Every way in which a YAML file can be broken, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from freerouter.config.yaml_file import dump_yaml, parse_yaml, read_yaml
from freerouter.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path


def refusal(raw: bytes) -> FileError:
    with pytest.raises(FileError) as caught:
        parse_yaml(raw, "f.yaml")
    return caught.value


def test_a_syntax_error_has_line_column_and_a_pointer() -> None:
    error = refusal(b"providers:\n  - type: demo\n   name: x\n")
    assert error.what == (
        "f.yaml:3:4: did not find expected '-' indicator.\n       name: x\n       ^\n"
    )
    assert error.fix == "Mend that line; the file was left as it is."
    assert error.exit_code == 2


def test_a_tab_is_found_where_it_stands() -> None:
    assert refusal(b"a:\n\tb: 1\n").what.startswith("f.yaml:2:1: found character")


def test_an_error_at_the_very_end_needs_no_line_to_point_at() -> None:
    assert refusal(b'a: "open\n').what == "f.yaml:2:1: found unexpected end of stream."


def test_a_key_that_stands_twice_is_refused() -> None:
    error = refusal(b"providers: []\ngateway: {}\nproviders: []\n")
    assert error.what == (
        'f.yaml:3:1: the key "providers" is here twice.\n    providers: []\n    ^\n'
    )


def test_a_key_may_stand_in_two_maps() -> None:
    assert parse_yaml(b"- {a: 1}\n- {a: 2}\n", "f").data == [{"a": 1}, {"a": 2}]


def test_maps_may_be_merged_twice_and_refer_to_themselves() -> None:
    text = b"x: &x {a: 1}\ny: &y {b: 2}\nz: {<<: *x, <<: *y}\nme: &me {self: *me}\n"
    data = parse_yaml(text, "f").data
    assert data["z"] == {"a": 1, "b": 2}
    assert data["me"]["self"] is data["me"]


def test_a_tag_that_would_make_an_object_is_refused() -> None:
    assert "could not determine a constructor" in refusal(b"a: !!python/name:os.system x\n").what


def test_a_control_character_is_refused_without_a_stack() -> None:
    error = refusal(b"a: \x01\n")
    assert error.what.startswith("f.yaml")
    assert "control characters are not allowed" in error.what


def test_bytes_that_are_no_text_are_refused_with_their_place() -> None:
    error = refusal(b"a: 1\nb: \xe9t\xe9\n")
    assert error.what == "f.yaml:2:4: this is not UTF-8 text."
    assert error.fix == "Save it as UTF-8."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_windows_editors_are_understood(encoding: str) -> None:
    assert parse_yaml("name: été\n".encode(encoding), "f").data == {"name": "été"}


@pytest.mark.parametrize("raw", [b"", b"# only a comment\n", b"---\n"])
def test_an_empty_file_is_nothing(raw: bytes) -> None:
    assert parse_yaml(raw, "f").data is None


def test_a_place_is_that_of_the_value_of_the_key_or_of_the_nearest_parent() -> None:
    document = parse_yaml(b"a:\n  - b: 1\n    c: 2\n", "f")
    assert document.place() == "f:1:1"
    assert document.place(("a", 0, "c")) == "f:3:8"
    assert document.place(("a", 0, "c"), key=True) == "f:3:5"
    assert document.place(("a", 0, "missing")) == "f:2:5"
    assert document.place(("a", 0, "c", "deeper")) == "f:3:8"
    assert parse_yaml(b"", "f").place(("a",)) == "f"


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read_yaml(str(tmp_path))
    assert str(caught.value) == f"Cannot read {tmp_path}. Is a directory."


def test_what_is_dumped_keeps_its_order_and_its_letters() -> None:
    data = {"z": "été", "a": [1, {"b": None}], "text": "x " * 80}
    text = dump_yaml(data)
    assert parse_yaml(text.encode(), "f").data == data
    assert text.splitlines()[0] == "z: été"
    assert len(text.splitlines()) == 5


def test_a_key_in_the_line_that_is_wrong_is_not_shown() -> None:
    with pytest.raises(FileError) as caught:
        parse_yaml(b"api_key: sk-or-canary-0123456789abcdef: oops\n", "p.yaml")
    assert "canary" not in str(caught.value)
    assert "api_key: ******" in caught.value.what


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("api_key: my-own-canary: x", "api_key: ************** x"),
        ("a: {password: 'my-own-canary'}: x", "a: {password: '*************'}: x"),
        ("api_key: ${MINE}: x", "api_key: ${MINE}: x"),
        ("monkey_business: open: x", "monkey_business: open: x"),
    ],
)
def test_a_key_of_any_shape_is_not_pointed_at(line: str, shown: str) -> None:
    with pytest.raises(FileError) as caught:
        parse_yaml(f"{line}\n".encode(), "x.yaml")
    assert f"\n    {shown}\n" in caught.value.what


@pytest.mark.parametrize(
    "value",
    ["2026-13-45", "9" * 5000, "!!bool maybe", "!!timestamp soon", '!!int ""', "!!int x"],
)
def test_a_value_that_is_none_of_its_kind_is_refused_where_it_stands(value: str) -> None:
    assert refusal(f"ok: 1\nb: {value}\n".encode()).what.startswith("f.yaml:2:4: ")


def test_maps_that_double_with_every_merge_are_refused() -> None:
    lines = ["a0: &a0 {k: 1, l: 2}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    assert "keys are merged into this map" in refusal("\n".join(lines).encode()).what


def test_aliases_that_multiply_are_read_once() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    assert len(parse_yaml("\n".join(lines).encode(), "f").data) == 40


@pytest.mark.parametrize("open_one", ["[", "{a: ", "- "])
def test_what_is_nested_without_end_is_refused(open_one: str) -> None:
    assert "depth" in refusal((open_one * 100_000).encode()).what


def test_what_looks_like_a_key_is_not_pointed_at() -> None:
    error = refusal(b"api_key: hunter2hunter2 [\n  - x: {\n")
    assert "hunter2" not in error.what
    assert "hunter2" not in refusal(b'- {token: "hunter2", b: [}\n').what


def test_a_variable_is_pointed_at_as_it_stands() -> None:
    assert "${MY_KEY}" in refusal(b"{api_key: ${MY_KEY}, b: [}\n").what


@pytest.mark.parametrize(
    "text",
    [
        "=: 1",
        "{1: a, 1.5: b, true: c, null: d, 2026-01-02: e}",
        "a: !!set {x, y}",
        "a: !!omap [x: 1]",
        "a: !!binary aGk=",
        "a: !!str 12\nb: !!int '3'",
        "a: &a {k: 1}\nb: {<<: *a, l: 2}\nc: *a",
        "- |\n  text\n- >\n  folded\n- 'q'\n- 0x1f\n- 1_000\n- .inf\n- 12:30:45",
        "- 2026-01-02T03:04:05Z\n- ~\n- ''\n- no\n- {}\n- []",
    ],
)
def test_data_is_what_pyyaml_makes_of_it(text: str) -> None:
    assert parse_yaml(text.encode(), "f").data == yaml.safe_load(text)


def test_what_is_nested_as_deeply_as_yaml_allows_is_read() -> None:
    data = parse_yaml(b"- " * 900 + b"x\n", "f").data
    depth = 0
    while isinstance(data, list):
        data, depth = data[0], depth + 1
    assert depth == 900
