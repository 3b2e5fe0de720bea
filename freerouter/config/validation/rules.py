"""Every rule of `validate`, one by one: the reference page and the SARIF report are made of it."""

from __future__ import annotations

from typing import NamedTuple

ERROR, WARNING = "error", "warning"
BOTH, OURS, LITELLM = "any file", "providers.yaml", "LiteLLM's config.yaml"


class Rule(NamedTuple):
    """`finds`: what it tells of. `why`: what happens if it stays. `mends`: what `--fix` does."""

    id: str
    severity: str
    where: str
    finds: str
    why: str
    mends: str = ""


RULES = (
    Rule(
        "unreadable",
        ERROR,
        BOTH,
        "A file that cannot be opened, or is too large to be a configuration.",
        "Nothing can be said of it; the exit code is 2.",
    ),
    Rule(
        "not-text",
        ERROR,
        BOTH,
        "A file that is no UTF-8 text, or holds control characters.",
        "No YAML reader takes it; the exit code is 2.",
    ),
    Rule(
        "yaml-syntax",
        ERROR,
        BOTH,
        "What YAML itself refuses, with a pointer to the place.",
        "Nothing of the file is read.",
    ),
    Rule(
        "duplicate-key",
        ERROR,
        BOTH,
        "A key that stands twice in one map.",
        "YAML drops the first without a word; FreeRouter refuses the file.",
    ),
    Rule(
        "empty-file",
        ERROR,
        BOTH,
        "A file without content.",
        "There is nothing that a gateway could be made of.",
    ),
    Rule(
        "unknown-kind",
        ERROR,
        BOTH,
        "A YAML file that is no providers.yaml, no config of LiteLLM and no flow.",
        "It was probably not the file that was meant.",
    ),
    Rule(
        "flow",
        ERROR,
        "a flow",
        "The first fault of a flow file, as `flow check` tells it.",
        "The flow does not open.",
    ),
    Rule(
        "exposed-file",
        WARNING,
        BOTH,
        "A file with secrets in it that others on this machine may read.",
        "A key that others can read is not secret.",
        "Takes the others' rights away (mode 600).",
    ),
    Rule(
        "secret-in-clear",
        WARNING,
        BOTH,
        "A key or password that is written out instead of named.",
        "It ends up in copies, in repositories and in what is shown on screens. One that others "
        "have seen is made anew where it comes from, the gateway's own by `keys rotate master`.",
    ),
    Rule(
        "weak-key",
        ERROR,
        BOTH,
        "A key of the gateway that can be guessed.",
        "`start` refuses it; LiteLLM refuses those that it knows. `keys rotate master` makes a "
        "strong one.",
    ),
    Rule(
        "wrong-type",
        ERROR,
        BOTH,
        "A value of another kind than its key wants: text for a number, a list for a map.",
        "providers.yaml is refused. LiteLLM drops the deployment, or fails at the first request.",
        "Puts text into quotes, and takes whole numbers out of them (providers.yaml).",
    ),
    Rule(
        "missing-field",
        ERROR,
        BOTH,
        "An entry without what it cannot do without.",
        "providers.yaml is refused. LiteLLM does not start.",
    ),
    Rule(
        "bad-value",
        ERROR,
        BOTH,
        "A value of the right kind that is none of those possible.",
        "providers.yaml is refused. LiteLLM does not start.",
    ),
    Rule(
        "deprecated-model",
        WARNING,
        BOTH,
        "A model that its maker has switched off by now, as LiteLLM's list of prices says.",
        "Requests for it fail.",
    ),
    Rule(
        "retired-provider",
        WARNING,
        BOTH,
        "A provider that has been shut.",
        "Requests to it fail.",
    ),
    Rule(
        "paid-in-free-pool",
        WARNING,
        BOTH,
        "A model that costs money among models that cost nothing: in one group, behind them as "
        "a fallback, or selected although `spend: never` says no.",
        "A request that was meant to be free is paid for, or the model is not served.",
    ),
    Rule(
        "alias-to-nothing",
        ERROR,
        BOTH,
        "An alias for a model that is not there.",
        "LiteLLM takes it in silence, and every request for the alias fails.",
    ),
    Rule(
        "unknown-key",
        ERROR,
        OURS,
        "A key that providers.yaml does not have.",
        "The file is refused: a slip would otherwise do nothing, in silence.",
        "Renames it where one name is clearly meant.",
    ),
    Rule(
        "duplicate-name",
        ERROR,
        OURS,
        "Two providers of one name, or of names that are the same in a variable.",
        "The key of one would go to the other.",
    ),
    Rule(
        "selects-nothing",
        ERROR,
        OURS,
        "`select` names a provider that is not in the file.",
        "The file is refused.",
    ),
    Rule(
        "missing-model",
        WARNING,
        OURS,
        "`select` names a model that is not in its provider's last list.",
        "It is not served.",
    ),
    Rule(
        "unset-variable",
        ERROR,
        OURS,
        "`${NAME}` of a provider that is on, or under `litellm:`, where NAME is neither in the "
        "environment nor in .env.",
        "`fetch` stops there.",
    ),
    Rule(
        "unknown-provider",
        ERROR,
        OURS,
        "A `type` that is in no catalogue.",
        "`fetch` stops there.",
    ),
    Rule(
        "unresolved-provider",
        ERROR,
        OURS,
        "A provider without its address, region or key.",
        "`fetch` stops there.",
    ),
    Rule(
        "open-bind",
        ERROR,
        OURS,
        "A gateway that listens on more than this machine, without a strong key.",
        "`start` refuses to. `keys rotate master` makes a strong key.",
    ),
    Rule(
        "refused",
        ERROR,
        OURS,
        "Anything else that FreeRouter refuses when it reads the file.",
        "No command that needs the file works.",
    ),
    Rule(
        "edited-config",
        WARNING,
        "a config.yaml of ours",
        "A generated config.yaml that was changed by hand.",
        "The next `fetch` writes it anew.",
    ),
    Rule(
        "stale-config",
        WARNING,
        "a config.yaml of ours",
        "A generated config.yaml that is not what providers.yaml asks for any more.",
        "The gateway goes on with the old settings.",
    ),
    Rule(
        "misspelt-address",
        ERROR,
        LITELLM,
        "A slip in a key that says where a request goes, and as whom: `api_base`, `api_key`, "
        "`model`, `custom_llm_provider`.",
        "LiteLLM takes it in silence. With a mistyped `api_base` your prompts go to "
        "api.openai.com.",
        "Renames it where one name is clearly meant.",
    ),
    Rule(
        "misspelt-key",
        WARNING,
        LITELLM,
        "A key that nobody knows, and that is near to one that LiteLLM knows.",
        "LiteLLM takes it in silence, and what it should do is not done.",
        "Renames it where one name is clearly meant.",
    ),
    Rule(
        "unknown-setting",
        WARNING,
        LITELLM,
        "A key of a section, or a section, that LiteLLM does not look at.",
        "It does nothing. Other parameters of a model are passed on, so they are not told of.",
    ),
    Rule(
        "misplaced-master-key",
        ERROR,
        LITELLM,
        "`master_key` anywhere but under `general_settings`.",
        "LiteLLM ignores it: older versions run open to everybody, newer ones do not start.",
        "Moves it to `general_settings`.",
    ),
    Rule(
        "no-master-key",
        WARNING,
        LITELLM,
        "No `master_key`, and LITELLM_MASTER_KEY is not set here.",
        "The gateway does not start, or, if it is an older one, serves everybody.",
    ),
    Rule(
        "unset-environ",
        WARNING,
        LITELLM,
        "`os.environ/NAME` where NAME is not set here, told once for each name.",
        "LiteLLM starts, and the first request fails after some seconds.",
    ),
    Rule(
        "literal-variable",
        WARNING,
        LITELLM,
        "`${NAME}`, which other programs fill in.",
        "LiteLLM takes it as it is written, unless something fills it in before.",
        "Writes `os.environ/NAME` instead.",
    ),
    Rule(
        "unknown-prefix",
        ERROR,
        LITELLM,
        "A model whose prefix is no provider of LiteLLM's.",
        "LiteLLM drops the deployment and goes on.",
    ),
    Rule(
        "unknown-model",
        WARNING,
        LITELLM,
        "A model without a prefix that LiteLLM does not know either.",
        "LiteLLM cannot tell whom to ask, and drops the deployment.",
    ),
    Rule(
        "missing-group",
        ERROR,
        LITELLM,
        "A fallback from or to a model that is not in the file.",
        "LiteLLM takes it in silence, and the request fails when it is needed.",
    ),
    Rule(
        "fallback-loop",
        WARNING,
        LITELLM,
        "Fallbacks, or aliases, that lead back to where they began.",
        "A model that has just failed is asked again, and the client waits.",
    ),
    Rule(
        "duplicate-id",
        ERROR,
        LITELLM,
        "A `model_info.id` that two deployments have.",
        "LiteLLM takes it in silence and counts both as one.",
    ),
    Rule(
        "missing-include",
        ERROR,
        LITELLM,
        "`include` names a file that is not there.",
        "LiteLLM does not start.",
    ),
)
BY_ID = {rule.id: rule for rule in RULES}
EXIT_2 = ("unreadable", "not-text")
"""Rules after which nothing could be judged."""
