"""The verbs that are about names for models: the user's own, and those that are built in."""

from __future__ import annotations

from freerouter.registry import Command, Need, Parameter

NAME = Parameter("name", help="the alias", positional=True, required=True, complete="alias")
NEEDS = (Need.CONFIG, Need.MODELS)

ALIAS_COMMANDS = (
    Command(
        "alias list",
        "List the names that stand for several models, and whom each asks first",
        "freerouter.commands.aliases:list_all",
        (Parameter("name", help="only this one", positional=True, complete="alias"),),
        needs=NEEDS,
        aliases=("aliases",),
        examples=("alias list", "alias list auto", "alias list --json"),
        details="auto, fast, smart and code are there by themselves, made from what is served.",
    ),
    Command(
        "alias add",
        "Give models a name of your own; the next answers where one cannot",
        "freerouter.commands.aliases:add",
        (
            NAME,
            Parameter(
                "model",
                help="provider/model, the one to ask first standing first",
                positional=True,
                many=True,
                required=True,
                complete="model",
            ),
            Parameter(
                "strategy",
                choices=("order", "balance"),
                help="order: one after another; balance: share the requests",
            ),
            Parameter(
                "weight", many=True, help="with balance: provider/model=3 takes three shares"
            ),
            Parameter("timeout", "float", "seconds that one member may take"),
        ),
        needs=NEEDS,
        writes=True,
        examples=(
            "alias add fast groq/llama-3.3-70b-versatile cerebras/llama-3.3-70b",
            "alias add work openrouter/openai/gpt-5 mistral/mistral-large --strategy balance",
        ),
        details="An alias of that name is replaced; a built-in one gives way. It is kept under "
        "`aliases:` in providers.yaml.",
    ),
    Command(
        "alias rename",
        "Give an alias another name",
        "freerouter.commands.aliases:rename",
        (NAME, Parameter("new", help="its new name", positional=True, required=True)),
        needs=NEEDS,
        writes=True,
        examples=("alias rename fast quick",),
    ),
    Command(
        "alias remove",
        "Take an alias away; a built-in one is switched off",
        "freerouter.commands.aliases:remove",
        (NAME,),
        needs=NEEDS,
        writes=True,
        examples=("alias remove fast", "alias remove auto"),
        details="A built-in one whose name you used comes back; removed once more, it is off. "
        "`alias restore` switches it on again.",
    ),
    Command(
        "alias restore",
        "Switch a built-in alias on again",
        "freerouter.commands.aliases:restore",
        (NAME,),
        needs=NEEDS,
        writes=True,
        examples=("alias restore auto",),
    ),
)
