"""`validate`: the workspace or any file, every rule of ours, reports for programs, and --fix."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from calls import workspace

from freerouter.commands import validate
from freerouter.config.kept_models import by_kind
from freerouter.config.state import read_models, read_state, write_state
from freerouter.config.validation.rules import OURS, RULES
from freerouter.errors import FileError

if TYPE_CHECKING:
    from conftest import World

    from freerouter.config.yaml_file import Document

KEY = "made-up-key-0123456789"
SLIPS = {
    "unknown-key": "providers:\n- {type: demo, «enabeld: true}\n",
    "duplicate-name": "providers:\n- type: demo\n- «type: demo\n",
    "selects-nothing": "providers: [{type: demo}]\nselect: {«demmo: []}\n",
    "unset-variable": "providers: [{type: openrouter, api_key: «'${NOT_SET}'}]\n",
    "unknown-provider": "providers: [{type: «opnrouter}]\n",
    "unresolved-provider": "providers: [«{type: openrouter}]\n",
    "retired-provider": "providers: [«{type: github, api_key: '${X:-none}'}]\n",
    "secret-in-clear": f"providers: [{{type: openrouter, api_key: «{KEY}}}]\n",
    "open-bind": "providers: [{type: demo}]\ngateway: {host: «0.0.0.0}\n",
    "deprecated-model": (
        "providers: [{type: static, provider: openai, model_name: «gpt-5-codex, "
        "api_key: '${X:-none}', api_base: 'http://127.0.0.1:9/v1'}]\n"
    ),
    "misspelt-key": "providers: [{type: demo}]\nlitellm: {router_settings: {«num_retrys: 2}}\n",
    "paid-in-free-pool": (
        "providers: [{type: demo}]\nspend: never\nlitellm:\n  model_list:\n"
        "  «- {model_name: a, litellm_params: {model: openai/gpt-4o}}\n"
    ),
    "yaml-syntax": "providers:\n\t«- type: demo\n".replace("\t«", "«\t"),
    "wrong-type": "providers: [{type: demo, name: «12}]\n",
    "missing-field": "providers: [«{name: x}]\n",
    "bad-value": "providers: [{type: demo}]\nspend: «sometimes\n",
    "duplicate-key": "providers: [{type: demo}]\n«providers: []\n",
}
"""A slip for each rule that a providers.yaml alone can break."""


def findings(world: World, *argv: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(world.cli("validate", *argv, "--json").out)["findings"]
    return found


def rules(world: World, *argv: str) -> list[str]:
    return [f["rule"] for f in findings(world, *argv)]


@pytest.mark.parametrize("rule", SLIPS)
def test_a_slip_is_told_where_it_stands(
    world: World, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    monkeypatch.setenv("LITELLM_MASTER_KEY", "k" * (20 if rule == "open-bind" else 32))
    before = SLIPS[rule].partition("«")[0]
    world.providers(SLIPS[rule].replace("«", "")).chmod(0o600)
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    found = [(f["line"], f["column"]) for f in findings(world) if f["rule"] == rule]
    assert found == [place]


def test_every_rule_of_providers_yaml_has_a_slip() -> None:
    named = {rule.id for rule in RULES if rule.where == OURS}
    assert named - SLIPS.keys() == {"missing-model", "refused"}


def test_what_the_loader_refuses_in_its_own_words_is_a_finding_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(document: Document) -> None:
        raise FileError(f"{document.place(('providers', 0))}: it is full.", "Why.", "Do that.")

    monkeypatch.setattr(validate, "read_providers", refuse)
    world.providers("providers:\n  - type: demo\n").chmod(0o600)
    found = findings(world)[0]
    assert (found["rule"], found["line"], found["column"]) == ("refused", 2, 5)
    assert (found["what"], found["fix"]) == ("it is full. Why.", "Do that.")


def test_a_workspace_that_is_sound(world: World) -> None:
    world.cli("init")
    assert world.cli("validate").code == 0
    world.cli("fetch")
    ran = world.cli("validate")
    assert ran.out == (
        "Nothing is wrong in ~/.config/freerouter/providers.yaml, "
        "~/.config/freerouter/config.yaml, ~/.config/freerouter/.env.\n"
    )
    assert ran.code == 0


def test_without_a_workspace_it_wants_a_file(world: World) -> None:
    ran = world.cli("validate")
    assert ran.code == 3
    assert "`freerouter validate FILE` looks at any file." in ran.err


def test_the_generated_file_is_held_against_its_fingerprint(world: World) -> None:
    world.cli("init")
    world.cli("fetch")
    config = world.workspace / "config.yaml"
    config.write_text(config.read_text() + "# mine\n")
    assert rules(world) == ["edited-config"]
    world.cli("fetch")
    world.providers("providers: [{type: demo, options: {rpm: 3}}]\n")
    assert rules(world) == ["stale-config"]


def test_what_is_wrong_in_a_generated_file_is_mended_where_it_comes_from(world: World) -> None:
    settings = "{litellm_settings: {fallbacks: [{gone: [demo]}]}}"
    world.providers(f"providers: [{{type: demo}}]\nlitellm: {settings}\n")
    world.cli("fetch")
    ran = world.cli("validate")
    assert ran.code == 1
    assert (
        "Add a model of that name, or take it out. It comes from `litellm:` in providers.yaml."
        in ran.out
    )


def test_a_generated_file_is_never_mended_in_place(world: World) -> None:
    world.cli("init")
    world.cli("fetch")
    config = world.workspace / "config.yaml"
    text = config.read_text().replace("drop_params", "drop_parms")
    config.write_text(text)
    assert rules(world) == ["edited-config", "misspelt-key"]
    world.cli("validate", "--fix")
    assert config.read_text() == text


def test_models_that_are_selected_and_gone_or_not_free(world: World) -> None:
    world.cli("init")
    world.cli("fetch")
    (row,) = read_models(workspace(world))
    rows = [row, {**row, "id": "dear", "free": "no"}]
    state = read_state(workspace(world).models_file) or {}
    write_state(workspace(world).models_file, {**state, "models": by_kind(rows)._asdict()})
    world.providers("providers: [{type: demo}]\nspend: never\nselect: {demo: [nope, dear, demo]}\n")
    found = [(f["rule"], f["line"], f["column"]) for f in findings(world)]
    assert found[-2:] == [("missing-model", 3, 17), ("paid-in-free-pool", 3, 23)]


def test_aliases_whose_members_are_in_no_list(world: World) -> None:
    world.cli("init")
    world.cli("fetch")
    world.providers(
        "providers: [{type: demo}]\naliases:\n  a: [demo/demo, demo/nope]\n"
        "  b: {members: [lab/x, demo/demo], timeout: 5}\n  c: [nothing]\n  d: off\n"
    )
    found = [(f["rule"], f["line"], f["column"]) for f in findings(world)]
    assert ("wrong-type", 5, 7) in found
    assert ("bad-value", 6, 6) in found
    world.providers(
        "providers: [{type: demo}]\naliases:\n  a: [demo/demo, demo/nope]\n"
        "  b: {members: [lab/x, demo/demo], timeout: 5}\n"
    )
    found = [(f["rule"], f["line"], f["column"]) for f in findings(world)]
    assert [f for f in found if f[0] == "alias-to-nothing"] == [
        ("alias-to-nothing", 3, 18),
        ("alias-to-nothing", 4, 17),
    ]


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
def test_files_with_secrets_are_made_private(world: World) -> None:
    world.cli("init")
    path = world.providers(f"providers: [{{type: openrouter, api_key: {KEY}}}]\n")
    path.chmod(0o644)
    (world.workspace / ".env").chmod(0o640)
    assert rules(world) == ["exposed-file", "secret-in-clear", "exposed-file"]
    ran = world.cli("validate", "--fix")
    assert ran.out.count("mended: only you can read it now.") == 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert (world.workspace / ".env").stat().st_mode & 0o777 == 0o600
    assert rules(world) == ["secret-in-clear"]


def test_a_secret_is_never_shown(world: World) -> None:
    world.providers(f"providers: [{{type: openrouter, api_key: {KEY}, x: 1}}]\n")
    config = world.cwd / "config.yaml"
    config.write_text(
        f"model_list: [{{model_name: a, litellm_params: {{model: {KEY}/x, api_key: sk-{KEY}}}}}]\n"
        f"general_settings: {{master_key: {KEY}}}\nsk-{KEY}: 1\n"
    )
    for argv in ([], [str(config)]):
        for form in ("text", "json", "sarif", "github"):
            ran = world.cli("validate", *argv, "--format", form)
            assert f"api_key: {KEY}" not in ran.out
            assert f"sk-{KEY}" not in ran.out + ran.err


def test_mending_keeps_a_copy_and_every_other_line(world: World) -> None:
    text = "# mine\nproviders:\n  - type: demo\n    enabeld: true  # yes\n"
    path = world.providers(text)
    ran = world.cli("validate", "--fix")
    assert ran.code == 0, ran
    assert '4:5: mended: "enabeld" is "enabled" now.' in ran.out
    assert path.read_text() == text.replace("enabeld", "enabled")
    copies = list((world.workspace / "backups").iterdir())
    assert [copy.read_text() for copy in copies] == [text]
    assert world.cli("validate", "--fix").out.startswith("Nothing is wrong in ")
    assert list((world.workspace / "backups").iterdir()) == copies


def test_without_fix_nothing_is_written(world: World) -> None:
    world.providers("providers: [{type: demo, enabeld: true}]\n")
    before = world.written()
    assert world.cli("validate").code == 1
    assert world.written() == before


def test_a_file_elsewhere_keeps_its_rights_and_gets_its_copy_beside_it(world: World) -> None:
    path = world.cwd / "config.yaml"
    path.write_text("model_list: []\nlitellm_settings: {drop_parms: true}\n")
    path.chmod(0o640)
    world.cli("validate", "config.yaml", "--fix")
    assert path.read_text() == "model_list: []\nlitellm_settings: {drop_params: true}\n"
    assert path.stat().st_mode & 0o777 == 0o640
    copies = [p for p in world.cwd.iterdir() if p.name.startswith("config.yaml.backup.")]
    assert [copy.stat().st_mode & 0o777 for copy in copies] == [0o600]


def test_a_link_stays_a_link(world: World) -> None:
    real = world.cwd / "real.yaml"
    real.write_text("model_list: []\nlitellm_settings: {drop_parms: true}\n")
    (world.cwd / "link.yaml").symlink_to(real)
    world.cli("validate", "link.yaml", "--fix")
    assert (world.cwd / "link.yaml").is_symlink()
    assert "drop_params" in real.read_text()


@pytest.mark.parametrize(
    ("raw", "rule", "code"),
    [
        (b"", "empty-file", 1),
        (b"[1, 2]\n", "unknown-kind", 1),
        (b"hello: there\n", "unknown-kind", 1),
        (b"a: \x00", "not-text", 2),
        (b"\xff\xfe\x00", "not-text", 2),
        (b"flow: x\nsteps: []\ncolour: blue\n", "flow", 1),
        (b"{" * 5000, "yaml-syntax", 1),
    ],
)
def test_a_file_of_any_kind_is_told_by_its_content(
    world: World, raw: bytes, rule: str, code: int
) -> None:
    (world.cwd / "f.yaml").write_bytes(raw)
    ran = world.cli("validate", "f.yaml")
    assert ran.code == code
    assert f"({rule})" in ran.out
    assert ran.err == ""


def test_a_flow_that_is_sound(world: World) -> None:
    flow = Path(__file__).parents[2] / "transcripts" / "files" / "tidy.yaml"
    assert world.cli("validate", str(flow)).code == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_a_file_that_may_not_be_read(world: World) -> None:
    path = world.providers("providers: []\n")
    path.chmod(0)
    assert world.cli("validate").code == 2


def test_an_unreadable_env_file_is_a_finding_beside_the_others(world: World) -> None:
    world.providers("providers: [{type: demo, enabeld: true}]\n")
    (world.workspace / ".env").write_bytes(b"A=\xff\n")
    (world.workspace / ".env").chmod(0o600)
    assert rules(world) == ["unreadable", "unknown-key"]
    assert world.cli("validate").code == 2


def test_warnings_count_where_that_is_wanted(world: World) -> None:
    path = world.cwd / "config.yaml"
    path.write_text("model_list: []\nrouter_settings: {colour: 1}\n")
    path.chmod(0o600)
    assert world.cli("validate", "config.yaml").code == 0
    assert world.cli("validate", "config.yaml", "--strict").code == 1


def test_many_findings_of_a_rule_are_told_in_part_to_people_and_whole_to_programs(
    world: World,
) -> None:
    row = "- {model_name: a, litellm_params: {model: openai/gpt-4o, api_bsae: x}}\n"
    (world.cwd / "c.yaml").write_text("model_list:\n" + row * 30)
    out = world.cli("validate", "c.yaml").out
    assert out.count("(misspelt-address)") == 10
    assert "c.yaml: 20 more findings of misspelt-address; --json tells all.\n" in out
    assert rules(world, "c.yaml").count("misspelt-address") == 30


def test_the_report_in_sarif_names_every_rule_and_place(world: World) -> None:
    (world.cwd / "a b.yaml").write_text("model_list: []\nrouter_settings: {routing_strategy: x}\n")
    report = json.loads(world.cli("validate", "a b.yaml", "--format", "sarif").out)
    assert report["version"] == "2.1.0"
    run = report["runs"][0]
    listed = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in listed] == [rule.id for rule in RULES]
    result = run["results"][-1]
    assert listed[result["ruleIndex"]]["id"] == result["ruleId"] == "bad-value"
    assert result["level"] == "error"
    where = result["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "a%20b.yaml"
    assert where["region"] == {"startLine": 2, "startColumn": 37}


def test_annotations_are_escaped(world: World) -> None:
    (world.cwd / "a,b.yaml").write_text('model_list: []\nlitellm_settings: {"drop_parm%": 1}\n')
    out = world.cli("validate", "a,b.yaml", "--format", "github").out
    assert out.splitlines()[-1] == (
        "::warning file=a%2Cb.yaml,line=2,col=20,title=misspelt-key::"
        'unknown key "drop_parm%25" in litellm_settings.%0ADid you mean "drop_params"?'
    )


def test_json_is_json_by_either_name(world: World) -> None:
    world.providers("providers: [{type: demo}]\n")
    assert json.loads(world.cli("validate", "--format", "json").out) == json.loads(
        world.cli("validate", "--json").out
    )


def test_mending_is_not_told_in_a_report_for_ci(world: World) -> None:
    world.providers("providers: []\n")
    assert world.cli("validate", "--fix", "--format", "sarif").code == 2


def test_the_rules_are_listed(world: World) -> None:
    out = world.cli("validate", "--rules").out
    assert [line.split()[0] for line in out.splitlines()[1:]] == [rule.id for rule in RULES]


def test_doctor_leads_to_it(world: World) -> None:
    world.providers("providers: [{type: demo, enabeld: true}]\n")
    assert "`freerouter validate` tells everything" in world.cli("doctor", "--offline").out
