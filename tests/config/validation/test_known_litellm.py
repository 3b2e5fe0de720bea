"""What is kept of LiteLLM's knowledge is what the pinned version says."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from judging import of_litellm

from freerouter.config.validation.known import FILE, load, nearest
from freerouter.process.engine import PINNED

DOCS = Path(__file__).parents[3] / "docs"
engine = pytest.mark.skipif(
    importlib.util.find_spec("litellm") is None, reason="the engine is not installed"
)
PROGRAM = "import sys, litellm_keys as k; sys.stdout.write(k.text(k.known()))"


def test_it_is_of_the_version_that_is_pinned() -> None:
    assert load().version == PINNED


@pytest.mark.gateway
@engine
def test_it_is_what_the_installed_one_says() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=DOCS, capture_output=True, text=True, check=True
    )
    assert done.stdout == Path(FILE).read_text(encoding="utf-8"), "python docs/litellm_keys.py"


@pytest.mark.gateway
@engine
def test_litellm_itself_knows_whom_to_ask_for_what_is_taken_as_known() -> None:
    program = (
        "import os, sys, json; os.environ['LITELLM_LOCAL_MODEL_COST_MAP'] = 'True'\n"
        "import litellm\n"
        "def knows(name):\n"
        "    try: return bool(litellm.get_llm_provider(name)[1])\n"
        "    except Exception as error: return 'NOT provided' not in str(error)\n"
        "names = json.load(sys.stdin)\n"
        "print(json.dumps([n for n in names if not knows(n)]))\n"
    )
    known = load()
    names = [f"{provider}/some/model" for provider in sorted(known.providers)]
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([*names, "nobody/some/model"]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == ["nobody/some/model"]


@engine
def test_no_key_of_litellms_own_examples_is_taken_for_a_slip() -> None:
    spec = importlib.util.find_spec("litellm")
    assert spec
    assert spec.origin
    examples = sorted(Path(spec.origin).parent.glob("proxy/example_config_yaml/*.yaml"))
    assert len(examples) > 10
    found = [
        (path.name, finding)
        for path in examples
        for finding in of_litellm(path.read_text(encoding="utf-8"))
        if finding.rule in ("misspelt-key", "misspelt-address", "unknown-setting", "wrong-type")
    ]
    assert found == []


def test_the_nearest_of_names_is_sure_only_where_no_other_is_as_near() -> None:
    names = frozenset(("api_base", "api_key", "rpm", "tpm"))
    assert nearest("api_bsae", names) == ("api_base", True)
    assert nearest("rmp", names) == ("rpm", True)
    assert nearest("xpm", names) is None
    assert nearest("ab", names) is None
    both = nearest("colour1", frozenset(("colour2", "colour3")))
    assert both is not None
    assert not both.sure
