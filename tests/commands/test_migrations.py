"""The steps that lead from the original's files to today's: each on its own, and as a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freerouter.commands.migrations import (
    GONE,
    STEPS,
    Files,
    Names,
    Step,
    copy_env,
    holds_keys,
    move_config_keys,
    move_keys,
    place_master_key,
    scrub_copies,
    take_address,
    walk,
    write_version,
)
from freerouter.config.versions import UNVERSIONED, VERSION, version_of
from freerouter.config.yaml_file import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MASTER = "sk-canary-master-0123456789"
PROVIDERS = """\
# Which providers
providers:
  - type: openrouter
    api_key: ${OPENROUTER_API_KEY}  # a reference
  - {type: groq, api_key: gsk-canary-of-groq}
"""
CONFIG = f"""\
# generated
model_list:
- model_name: a
  litellm_params: {{model: openrouter/a, api_key: canary-of-router}}
- model_name: b
  litellm_params: {{model: groq/b, api_key: gsk-canary-of-groq}}
litellm_settings:
  request_timeout: 60
  master_key: {MASTER}
"""


def usual(row: Mapping[str, Any]) -> str:
    return f"{row['type']}_API_KEY".upper()


def of_deployment(params: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> str:
    return f"{params['model'].partition('/')[0]}_API_KEY".upper()


NAMES = Names(usual, of_deployment)


def data_of(text: str) -> Any:
    return parse_yaml(text.encode(), "").data


def test_keys_of_providers_go_to_env_and_everything_else_stays() -> None:
    after = move_keys(Files(PROVIDERS), NAMES)
    assert after.stored == {"GROQ_API_KEY": "gsk-canary-of-groq"}
    assert after.providers == PROVIDERS.replace("gsk-canary-of-groq", "'${GROQ_API_KEY}'")


def test_a_key_is_not_lost_where_its_variable_holds_another_one() -> None:
    after = move_keys(Files(PROVIDERS, stored={"GROQ_API_KEY": "another"}), NAMES)
    assert after.stored == {"GROQ_API_KEY": "another", "GROQ_API_KEY_OLD": "gsk-canary-of-groq"}
    assert "${GROQ_API_KEY_OLD}" in after.providers
    (told,) = after.told
    assert told == (
        "GROQ_API_KEY holds another key already, so the one of providers.yaml is kept as "
        "GROQ_API_KEY_OLD."
    )


def test_a_key_that_the_environment_has_is_stored_all_the_same() -> None:
    files = Files(PROVIDERS, outside={"GROQ_API_KEY": "gsk-canary-of-groq"})
    assert move_keys(files, NAMES).stored == {"GROQ_API_KEY": "gsk-canary-of-groq"}


def test_keys_of_config_yaml_go_to_env() -> None:
    after = move_config_keys(Files(PROVIDERS, CONFIG), NAMES)
    assert after.stored == {
        "OPENROUTER_API_KEY": "canary-of-router",
        "GROQ_API_KEY": "gsk-canary-of-groq",
        "LITELLM_MASTER_KEY": MASTER,
    }
    assert "canary" not in after.config
    assert after.config.startswith("# generated\n")
    assert holds_keys(CONFIG)
    assert not holds_keys(after.config)
    expected = data_of(CONFIG.replace("canary-of-router", "os.environ/OPENROUTER_API_KEY"))
    expected["model_list"][1]["litellm_params"]["api_key"] = "os.environ/GROQ_API_KEY"
    expected["litellm_settings"]["master_key"] = "os.environ/LITELLM_MASTER_KEY"
    assert data_of(after.config) == expected


def test_a_key_of_config_yaml_that_is_known_keeps_its_name() -> None:
    after = move_config_keys(Files(PROVIDERS, CONFIG, stored={"MINE": "canary-of-router"}), NAMES)
    assert "os.environ/MINE" in after.config
    assert "OPENROUTER_API_KEY" not in after.stored


def test_a_key_of_config_yaml_never_replaces_another_one() -> None:
    files = Files(PROVIDERS, CONFIG, stored={"OPENROUTER_API_KEY": "newer"})
    after = move_config_keys(files, NAMES)
    assert after.stored["OPENROUTER_API_KEY"] == "newer"
    assert after.stored["OPENROUTER_API_KEY_OLD"] == "canary-of-router"
    assert "is kept as OPENROUTER_API_KEY_OLD" in after.told[0]


def test_a_weak_key_of_the_gateway_is_not_taken_along() -> None:
    after = move_config_keys(Files("", "general_settings: {master_key: sk-1234}\n"), NAMES)
    assert after.stored == {}
    assert "sk-1234" not in after.config
    assert "weak" in after.told[0]


def test_the_gateways_key_is_put_where_it_is_read() -> None:
    after = place_master_key(
        Files("", "litellm_settings: {master_key: os.environ/X, a: 1}\n"), NAMES
    )
    assert data_of(after.config) == {
        "litellm_settings": {"a": 1},
        "general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"},
    }
    assert "open" in after.told[0]


def test_only_what_providers_need_is_copied_out_of_another_env() -> None:
    beside = {
        "OPENROUTER_API_KEY": "r",
        "GROQ_API_KEY": "g",
        "LITELLM_MASTER_KEY": "weak",
        "OTHER": "o",
    }
    text = "providers: [{type: openrouter, api_key: '${OPENROUTER_API_KEY}'}, {type: groq}]"
    assert copy_env(Files(text, beside=beside), NAMES).stored == {
        "OPENROUTER_API_KEY": "r",
        "GROQ_API_KEY": "g",
    }
    there = Files(
        text, beside=beside, stored={"GROQ_API_KEY": "mine"}, outside={"OPENROUTER_API_KEY": "e"}
    )
    assert copy_env(there, NAMES) == there


def test_host_and_port_become_settings_of_the_gateway() -> None:
    env = {"LITELLM_PORT": "4123", "LITELLM_HOST": "0.0.0.0"}
    after = take_address(Files("providers: []\n", stored=env), NAMES)
    assert data_of(after.providers)["gateway"] == {"port": 4123, "host": "0.0.0.0"}
    assert take_address(after, NAMES) == after


@pytest.mark.parametrize("port", ["", "none", "0", "70000"])
def test_a_port_that_is_none_is_left(port: str) -> None:
    files = Files("gateway: {port: 1}\n", stored={"LITELLM_PORT": port})
    assert take_address(files, NAMES) == files


def test_a_port_that_is_set_already_stays() -> None:
    files = Files("gateway: {port: 1}\n", stored={"LITELLM_PORT": "4123"})
    assert take_address(files, NAMES) == files


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("providers: []\n", "version: 1\n\nproviders: []\n"),
        ("# mine\nproviders: []\n", "# mine\nversion: 1\n\nproviders: []\n"),
        (
            "# mine\n\n# of these\nproviders: []\n",
            "# mine\n\nversion: 1\n\n# of these\nproviders: []\n",
        ),
        ("version: 1\nproviders: []\n", "version: 1\nproviders: []\n"),
    ],
)
def test_the_version_is_written_above_the_first_setting(before: str, after: str) -> None:
    assert write_version(Files(before), NAMES).providers == after


def test_a_version_comes_also_into_a_file_of_one_line() -> None:
    text = write_version(Files("{providers: [{type: demo}]}"), NAMES).providers
    assert data_of(text) == {"version": 1, "providers": [{"type": "demo"}]}


def test_keys_in_old_copies_give_way_to_their_names() -> None:
    copies = {
        "backup": CONFIG.replace("canary-of-router", "canary-long-gone"),
        "log": "Bearer canary-of-router, sk-0123456789abcdefgh, port 4000\n",
        "broken": "a: [canary-of-router\n",
    }
    known = {
        "OPENROUTER_API_KEY": "canary-of-router",
        "HOME": "/home/ada",
        "LITELLM_MASTER_KEY": MASTER,
    }
    found = scrub_copies(Files(PROVIDERS, stored=known, copies=copies), NAMES).copies
    assert "canary" not in str(found)
    assert f"api_key: {GONE}" in found["backup"]
    assert found["log"] == f"Bearer os.environ/OPENROUTER_API_KEY, {GONE}, port 4000\n"
    assert found["broken"] == "a: [os.environ/OPENROUTER_API_KEY\n"


def test_the_chain_does_all_of_it_and_a_second_walk_nothing() -> None:
    files = Files(PROVIDERS, CONFIG, copies={"old": CONFIG}, stored={"LITELLM_PORT": "4123"})
    done = walk(files, NAMES, scrub=True)
    assert [one.step.id for one in done] == [
        "keys", "config-keys", "master-key", "address", "version", "scrub",
    ]  # fmt: skip
    last = done[-1].after
    assert "canary" not in last.providers + last.config + str(last.copies)
    assert version_of(last.settings) == VERSION
    assert walk(last, NAMES, scrub=True) == []


def test_old_copies_are_scrubbed_only_where_that_is_asked_for() -> None:
    files = Files(PROVIDERS, CONFIG, copies={"old": CONFIG})
    assert walk(files, NAMES, scrub=False)[-1].after.copies == {"old": CONFIG}


@pytest.mark.parametrize("steps", range(len(STEPS)))
def test_what_a_crash_left_half_done_is_completed(steps: int) -> None:
    files = Files(PROVIDERS, CONFIG, copies={"old": CONFIG}, stored={"LITELLM_PORT": "4123"})
    whole = walk(files, NAMES, scrub=True)[-1].after
    half = walk(files, NAMES, scrub=True, steps=STEPS[:steps])
    left = half[-1].after if half else files
    rest = walk(left, NAMES, scrub=True)
    assert (rest[-1].after if rest else left)._replace(told=()) == whole._replace(told=())


def test_keys_that_came_later_are_moved_whatever_the_version() -> None:
    done = walk(Files("version: 1\n" + PROVIDERS, CONFIG), NAMES, scrub=False)
    assert [one.step.id for one in done] == ["keys", "config-keys"]


def test_the_next_version_is_one_more_entry() -> None:
    def rename(files: Files, _names: Names) -> Files:
        return files._replace(providers=files.providers.replace("version: 1", "version: 2"))

    steps = (*STEPS, Step("rename", 1, 2, "give it another name", rename))
    files = Files("providers: []\n")
    done = walk(files, NAMES, scrub=False, steps=steps)
    assert [one.text for one in done] == [
        "version: write version 1 into providers.yaml",
        "rename: give it another name",
    ]
    assert walk(done[-1].after, NAMES, scrub=False, steps=steps) == []
    late = walk(Files("version: 1\nproviders: []\n"), NAMES, scrub=False, steps=steps)
    assert [one.step.id for one in late] == ["rename"]


def test_the_chain_leads_from_the_first_version_to_the_present_without_a_gap() -> None:
    reached = UNVERSIONED
    for step in STEPS:
        assert step.start <= reached < step.to or step.asked
        if step.id == "version":
            reached = step.to
    assert reached == VERSION
    assert len({step.id for step in STEPS}) == len(STEPS)
