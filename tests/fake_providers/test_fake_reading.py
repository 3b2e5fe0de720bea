"""A file of test servers: what it may say, and every fault of it with its place."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

import freerouter
from freerouter.errors import FileError
from freerouter.fakes.description import Failure, Fake, FakeModel, read_fakes
from freerouter.providers.catalogue import Catalogue

ONE = "providers:\n  openrouter: {models: [m], "


def read(tmp_path: Path, text: str) -> tuple[Fake, ...]:
    path = tmp_path / "fakes.yaml"
    path.write_text(text, encoding="utf-8")
    return read_fakes(str(path))


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(FileError) as caught:
        read(tmp_path, text)
    return str(caught.value).replace(f"{tmp_path}/", "").split("\n")


def test_a_provider_of_the_catalogue_is_told_by_its_id(tmp_path: Path) -> None:
    (fake,) = read(
        tmp_path,
        """\
providers:
  openrouter:
    models:
      - a
      - {id: b, context: 8192, output: 512, price: 0.1}
      - {id: c, price: {input: 1, output: 2.5}, chat: false, expires: 2026-01-31}
    keys: [sk-good]
    latency: 0.5
    answer: Hello
    fail: {list: 500, check: hang, chat: {status: 429, retry_after: 7, message: slowly}}
    port: 4801
""",
    )
    assert (fake.name, fake.ours, fake.record.id) == ("openrouter", True, "openrouter")
    assert fake.models == (
        FakeModel("a"),
        FakeModel("b", 8192, 512, (Decimal("0.1"), Decimal("0.1"))),
        FakeModel("c", price=(Decimal(1), Decimal("2.5")), chat=False, expires="2026-01-31"),
    )
    assert (fake.keys, fake.latency, fake.answer) == (("sk-good",), 0.5, "Hello")
    assert fake.fail == {
        "list": Failure("status", 500),
        "check": Failure("hang"),
        "chat": Failure("status", 429, "slowly", 7),
    }
    assert (fake.down, fake.port) == (False, 4801)


def test_the_file_of_the_manual_can_be_read(tmp_path: Path) -> None:
    manual = Path(freerouter.__file__).parent.parent / "docs" / "reference" / "fake-providers.md"
    (example,) = re.findall(r"<!-- fakes -->\n```yaml\n(.*?)```", manual.read_text(), re.DOTALL)
    names = [fake.name for fake in read(tmp_path, example)]
    assert names == ["openrouter", "modelscope", "lab", "cellar"]


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    (fake,) = read(tmp_path, "providers: {lab: {shape: ollama, models: [m]}}")
    assert (fake.ours, fake.record.id, fake.keys) == (False, "ollama", None)
    assert (fake.answer, fake.latency, fake.fail) == ("Hello from the fake lab.", 0, {})


@pytest.mark.parametrize(("shape", "meant"), [("openai", "oai"), ("modelscope", "modelscope")])
def test_any_other_name_has_a_shape(tmp_path: Path, shape: str, meant: str) -> None:
    (fake,) = read(tmp_path, f"providers: {{lab: {{shape: {shape}, models: [m]}}}}")
    assert fake.record == Catalogue().get(meant)


def test_a_server_that_is_down_needs_no_models(tmp_path: Path) -> None:
    (fake,) = read(tmp_path, "providers: {lab: {shape: openai, down: true}}")
    assert fake.down


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "fakes.yaml: the file must be a map, but this is nothing."),
        ("{}", "fakes.yaml:1:1: no provider is described. It begins with `providers:`."),
        (
            "provider: {}",
            'fakes.yaml:1:1: unknown key "provider" in the file. Did you mean "providers"?',
        ),
        (
            "providers: [a]",
            "fakes.yaml:1:12: providers must be a map, but this is a list.",
        ),
        (
            "providers: {openruter: {models: [m]}}",
            (
                'fakes.yaml:1:13: there is no provider "openruter" in the catalogue. '
                'Did you mean "openrouter"? Any other name needs a shape: `shape: openai`.'
            ),
        ),
        (
            "providers: {lab: {shape: opanai, models: [m]}}",
            'fakes.yaml:1:26: there is no shape "opanai". Did you mean "openai"?',
        ),
        (
            "providers: {oai: {shape: ollama, models: [m]}}",
            (
                "fakes.yaml:1:19: oai is in the catalogue and has a shape. "
                "Leave `shape` out, or choose another name."
            ),
        ),
        (
            "providers: {demo: {models: [m]}}",
            "fakes.yaml:1:13: demo asks no server, so there is none to stand in.",
        ),
        (
            "providers: {../x: {shape: openai, models: [m]}}",
            (
                'fakes.yaml:1:13: "../x" cannot be the name of a provider. '
                "Use letters, digits, - and _; a number in quotes."
            ),
        ),
        (
            "providers: {openrouter: }",
            "fakes.yaml:1:25: a provider must be a map, but this is nothing.",
        ),
        (
            "providers: {openrouter: {}}",
            "fakes.yaml:1:13: openrouter has no models. Add `models: [model-a]`.",
        ),
        (
            f"{ONE}down: 1}}",
            "fakes.yaml:2:35: down must be true or false, but this is a whole number.",
        ),
        (f"{ONE}latency: .nan}}", "fakes.yaml:2:38: latency must be 0 to 600."),
        (f"{ONE}port: 0}}", "fakes.yaml:2:35: port must be 1 to 65535."),
        (f"{ONE}keys: [1]}}", 'fakes.yaml:2:36: a key must be text. Put it in quotes: "…".'),
        (
            f"{ONE}fail: {{lists: 500}}}}",
            'fakes.yaml:2:36: unknown key "lists" in fail. Did you mean "list"?',
        ),
        (
            f"{ONE}fail: {{list: hnag}}}}",
            'fakes.yaml:2:42: there is no failure "hnag". Did you mean "hang"?',
        ),
        (f"{ONE}fail: {{list: 200}}}}", "fakes.yaml:2:42: list must be 400 to 599."),
        (
            f"{ONE}fail: {{list: {{retry_after: 1}}}}}}",
            "fakes.yaml:2:42: this failure has no status. Add `status: 429`, say.",
        ),
        (
            "providers: {ollama: {models: [m], fail: {check: 500}}}",
            "fakes.yaml:1:42: ollama has no check besides its list. Write `list:` instead.",
        ),
        (
            "providers: {ollama: {models: [5]}}",
            "fakes.yaml:1:31: a model must be text or a map, but this is a whole number.",
        ),
        (
            "providers: {ollama: {models: [{context: 5}]}}",
            "fakes.yaml:1:31: this model has no id. Add `id: model-a`.",
        ),
        (
            "providers: {ollama: {models: [{id: m, price: {in: 1}}]}}",
            'fakes.yaml:1:47: unknown key "in" in a price. Known keys: input, output.',
        ),
        (
            "providers: {ollama: {models: [{id: m, expires: 5}]}}",
            "fakes.yaml:1:48: expires must be a date or text, but this is a whole number.",
        ),
    ],
)
def test_a_fault_has_its_place(tmp_path: Path, text: str, fault: str) -> None:
    assert faults(tmp_path, text) == [fault]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = """\
providers:
  openrouter:
    models: [{id: a, contxt: 5}, {id: 7}]
    latency: soon
  lab: {models: [m]}
"""
    assert faults(tmp_path, text) == [
        "fakes.yaml:4:14: latency must be a whole number or a number, but this is text.",
        'fakes.yaml:3:22: unknown key "contxt" in a model. Did you mean "context"?',
        "fakes.yaml:3:39: id must be text, but this is a whole number.",
        (
            'fakes.yaml:5:3: there is no provider "lab" in the catalogue. '
            "Any other name needs a shape: `shape: openai`."
        ),
    ]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="Cannot read"):
        read_fakes(str(tmp_path / "none.yaml"))
