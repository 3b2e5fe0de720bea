"""What LiteLLM knows of many models, and does not ask anybody for."""

from __future__ import annotations

import json

import pytest
from beside_engine import said_by

LOOK = """
import json
from freerouter.process import patches
patches.before_import()
import litellm
from litellm import utils
left_out = patches.after_import()
asked = []

class Nobody:
    def get(self, url, **_rest):
        asked.append(url)
        raise OSError("nobody is there")

litellm.module_level_client = Nobody()
names = ("huggingface/lab/model", "openai/lab-model", "groq/lab-70b")
for name in names:
    litellm.register_model({name: {"max_input_tokens": 9, "litellm_provider": name.split("/")[0]}})
rules = utils.match_capability_generalizations
twice = [rules("claude-opus-9"), rules("claude-opus-9")]
twice[0]["changed"] = True
found = {
    "left_out": left_out,
    "asked": asked,
    "context": [litellm.model_cost[name]["max_input_tokens"] for name in names],
    "kept": litellm.get_model_info("gpt-4o")["supported_openai_params"] is not None,
    "twice": "changed" in rules("claude-opus-9"),
}
print(json.dumps(found))
"""


@pytest.mark.gateway
def test_models_are_registered_without_asking_anybody() -> None:
    said = said_by(LOOK)
    assert json.loads(said.splitlines()[-1]) == {
        "left_out": [],
        "asked": [],
        "context": [9, 9, 9],
        "kept": True,
        "twice": False,
    }


SEARCH = """
import json, random
from freerouter.process import patches
patches.before_import()
import litellm
from litellm import utils
search = utils.get_model_info_helper
left_out = patches.after_import()
from freerouter.process.patches.listing import surely_unknown

litellm.register_model({"openai/lab-model": {"litellm_provider": "openai", "mode": "chat"}})
rng = random.Random(7)
known = sorted(litellm.model_cost)
ends = [name.rpartition("/")[2] for name in known]
prefixes = ["", "openai/", "openrouter/", "groq/", "lab/", "mistral/", "gemini/", "bedrock/",
            "fireworks_ai/", "ollama/", "auto:openrouter/", "openrouter/lab/"]
names = ["lab-model", "openai/lab-model", "openai/LAB-MODEL", "llama-99", "gpt-4o-2024-08-06"]
for name in rng.sample(known, 700) + rng.sample(ends, 700):
    names += [rng.choice(prefixes) + name, name + "-x", name.upper(), name + "-2031-01-01"]
told = wrong = 0
for name in names:
    if surely_unknown(name):
        told += 1
        try:
            found = search(model=name)
        except Exception:
            continue
        if not utils.is_generalized_model_info(found):
            wrong += 1
print(json.dumps({"left_out": left_out, "of": len(names), "told": told, "wrong": wrong}))
"""


@pytest.mark.gateway
def test_what_is_surely_unknown_is_what_litellm_does_not_find() -> None:
    said = said_by(SEARCH)
    found = json.loads(said.splitlines()[-1])
    assert (found["left_out"], found["wrong"]) == ([], 0)
    assert 500 < found["told"] < found["of"]
