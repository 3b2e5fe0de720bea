"""Our YAML is PyYAML's, to the byte, whatever the data; only the way there is shorter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from freerouter.config import yaml_writer
from freerouter.config.yaml_writer import NotPlainError, dump_slowly, dump_yaml

if TYPE_CHECKING:
    import pytest

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            *("yes", "No", "y", "null", "~", "", " a", "a ", "a: b", "a #b", "#a", "- a", "1e5"),
            *("0x1f", "1_000", "2026-09-01", "12:30", "=", "<<", "!x", "&a", "*a", "%a", "@cf/a"),
            *("meta/llama-3.3:free", "os.environ/X", "a\nb", "a\tb", "'q'", '"q"', "é", "\u2028"),
            *("[a]", "{a}", "a,b", "?", "? a", "|", ">", "true", ".5", "1.", "x" * 2000),
        ]
    ),
)
SCALARS = st.one_of(
    TEXTS,
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
)
DATA = st.dictionaries(
    TEXTS,
    st.recursive(
        SCALARS,
        lambda inside: st.one_of(
            st.lists(inside, max_size=4), st.dictionaries(TEXTS, inside, max_size=4)
        ),
        max_leaves=12,
    ),
    max_size=5,
)


@settings(max_examples=400)
@given(DATA)
def test_it_is_what_pyyaml_writes_and_reads_as_the_same(data: dict[str, Any]) -> None:
    text = dump_yaml(data)
    assert text == dump_slowly(data)
    assert yaml.load(text, Loader=yaml.CSafeLoader) == data


def test_what_stands_in_two_places_is_left_to_pyyaml() -> None:
    shared = {"a": 1}
    assert dump_yaml({"x": shared, "y": shared}) == dump_slowly({"x": shared, "y": shared})


def test_a_large_configuration_is_not_left_to_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"model_name": f"a/m-{n}:free", "info": {"price": n / 1e7}} for n in range(50)]
    expected = dump_slowly({"model_list": rows, "settings": {"drop_params": True, "none": []}})
    dump_yaml({"model_list": rows})

    def refuse(_data: Any) -> str:
        raise NotPlainError

    monkeypatch.setattr(yaml_writer, "dump_slowly", refuse)
    assert dump_yaml({"model_list": rows, "settings": {"drop_params": True, "none": []}}) == (
        expected
    )
