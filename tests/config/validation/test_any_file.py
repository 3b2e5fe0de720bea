"""Whatever a file holds, it loads, or it is told where it does not: no stack, no silence."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freerouter.commands.validate import Target, judged
from freerouter.config.providers_file import ENTRY, GATEWAY, OPTIONS, TOP, read_providers
from freerouter.config.validation import reading
from freerouter.config.validation.reading import CONFIG, PROVIDERS, parsed, read
from freerouter.config.yaml_file import dump_yaml, parse_text, parse_yaml
from freerouter.context import make_context
from freerouter.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

    from freerouter.config.validation.findings import Finding

NAME = "providers.yaml"
LOADER_RULES = {
    *("yaml-syntax", "not-text", "duplicate-key", "empty-file", "unknown-key", "wrong-type"),
    *("missing-field", "bad-value", "duplicate-name", "selects-nothing", "refused"),
}
"""The rules by which `fetch` refuses a file before it looks at what it means."""
words = st.sampled_from(
    [*TOP, *ENTRY, *OPTIONS, *GATEWAY, "demo", "oai", "enabeld", "free", "never", "${X}", "${X:-y}"]
)
leaves = st.one_of(
    words, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates()
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | leaves, inner, max_size=4),
    max_leaves=12,
)


def maps(known: Any) -> Any:
    return st.dictionaries(st.sampled_from([*known, "typ"]), values, max_size=4)


files = st.fixed_dictionaries(
    {},
    optional={
        "providers": st.lists(
            st.fixed_dictionaries({}, optional=dict.fromkeys(ENTRY, values) | {"type": words}),
            max_size=3,
        ),
        "gateway": maps(GATEWAY),
        "select": maps(("demo", "oai")),
        "litellm": maps(("model_list", "router_settings", "general_settings")),
        "version": values,
        "spend": values,
    },
)


def judge(raw: bytes, kind: str = PROVIDERS) -> list[Finding]:
    environ = {"HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}
    ctx = make_context(environ, "/")
    from freerouter.config.secrets import Secrets

    secrets = Secrets(ctx.workspace, environ)
    return judged(ctx, Target("/nonexistent/f", NAME, kind), parsed(raw, "/f", NAME), secrets)


def holds(raw: bytes) -> None:
    findings = judge(raw)
    assert all(1 <= f.line <= len(raw) + 1 and f.column >= 1 for f in findings)
    refused = [f for f in findings if f.rule in LOADER_RULES and f.is_error]
    said = refusal(raw)
    if said is None:
        # The loader takes the file as it is; what is left is of its settings for LiteLLM.
        assert {f.rule for f in refused} <= {"wrong-type", "bad-value", "missing-field"}
        return
    assert refused, said
    places = [f"{f.place}: {f.what}" for f in refused]
    assert any(said in place for place in places) or said == f"{NAME} is empty."


def refusal(raw: bytes) -> str | None:
    """What the strict loader says first; None where it takes the file."""
    try:
        read_providers(parse_yaml(raw, NAME))
    except FileError as error:
        return error.what.partition("\n")[0]
    return None


@given(st.binary(max_size=200))
def test_bytes_load_or_are_told_of(raw: bytes) -> None:
    holds(raw)


@given(st.text(alphabet=st.sampled_from(list("ab:-[]{}#&*!|>'\"%@`,? \n\t0.~<=$")), max_size=60))
def test_what_looks_like_yaml_loads_or_is_told_of(text: str) -> None:
    holds(text.encode())


@given(files)
def test_any_providers_yaml_loads_or_is_told_of(data: dict[str, Any]) -> None:
    holds(dump_yaml(data).encode())


@given(values)
def test_any_value_loads_or_is_told_of(data: Any) -> None:
    holds(dump_yaml(data).encode())


@given(files, st.integers(min_value=0), st.binary(min_size=1, max_size=3))
def test_a_file_that_was_damaged_loads_or_is_told_of(
    data: dict[str, Any], place: int, damage: bytes
) -> None:
    raw = dump_yaml(data).encode()
    at = place % (len(raw) + 1)
    holds(raw[:at] + damage + raw[at + 1 :])


@given(values)
def test_any_value_as_a_config_of_litellm_is_judged(data: Any) -> None:
    keys = ("model_list", "litellm_settings", "general_settings", "router_settings")
    for key in keys:
        findings = judge(dump_yaml({key: data}).encode(), CONFIG)
        assert all(f.line >= 1 and f.column >= 1 for f in findings)


@given(values)
def test_data_is_what_pyyaml_makes_of_it(data: Any) -> None:
    import yaml

    text = dump_yaml(data)
    ours, theirs = parse_text(text, NAME).data, yaml.load(text, yaml.SafeLoader)
    assert repr(ours) == repr(theirs)


def test_several_faults_are_all_told_in_their_order() -> None:
    text = (
        "providers:\n"
        "  - {type: demo, enabeld: true}\n"
        "  - {name: x}\n"
        "  - 3\n"
        "gateway: {port: 0, workers: 99, host: 1}\n"
        "spend: sometimes\n"
    )
    found = [(f.rule, f.line, f.column) for f in judge(text.encode())]
    assert found == [
        ("unknown-key", 2, 18),
        ("missing-field", 3, 5),
        ("wrong-type", 4, 5),
        ("bad-value", 5, 17),
        ("bad-value", 5, 29),
        ("wrong-type", 5, 39),
        ("bad-value", 6, 8),
    ]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(reading.LARGEST + 1)
    found = read(str(path), "big.yaml").findings
    assert [(f.rule, f.what) for f in found] == [
        ("unreadable", "cannot be read: it has more than 20 MB, which no configuration has.")
    ]


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "absent", tmp_path / "\0"):
        assert [f.rule for f in read(str(path), "x").findings] == ["unreadable"]


@pytest.mark.parametrize(
    ("raw", "rule", "place"),
    [
        (b"a: \x00", "not-text", (1, 4)),
        (b"a: 1\nb: \xff\xfe", "not-text", (2, 4)),
        (b"providers:\n\t- type: demo\n", "yaml-syntax", (2, 1)),
        (b"a: 1\na: 2\n", "duplicate-key", (2, 1)),
        (b"[" * 100_000, "yaml-syntax", (1, 1001)),
        (b"", "empty-file", (1, 1)),
    ],
)
def test_what_no_loader_takes_has_a_place(raw: bytes, rule: str, place: tuple[int, int]) -> None:
    found = [(f.rule, (f.line, f.column)) for f in judge(raw)]
    assert (rule, place) in found or (rule == "yaml-syntax" and found[0][0] == rule)


def test_aliases_that_multiply_are_judged_once() -> None:
    lines = ["litellm:", "  a0: &a0 [os.environ/X, '${Y}']"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    found = judge("\n".join(lines).encode())
    assert len([f for f in found if f.rule == "unset-variable"]) == 1
