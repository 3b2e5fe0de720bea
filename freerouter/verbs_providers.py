"""The verbs that are about providers and their keys."""

from __future__ import annotations

from freerouter.registry import Command, Need, Parameter

PROVIDER = Parameter(
    "provider", help="a provider's name", positional=True, required=True, complete="provider"
)
ENTRY = PROVIDER._replace(help="a provider's name in providers.yaml")

NUMBER = Parameter("number", "int", "which of its several keys: 2 is kept as NAME_2", default=1)
STORE = Parameter(
    "store",
    choices=("env", "keyring"),
    help="where: .env, or the system's keyring [where it is, else .env]",
)
AT = Parameter("at", help="its region, or your account, resource or AWS region there")

PROVIDER_COMMANDS = (
    Command(
        "providers list",
        "List providers: which are set up, which have a key at hand",
        "freerouter.commands.providers:list_all",
        (
            Parameter("probe", "flag", "also look for local servers that answer"),
            Parameter("all", "flag", "also those that only cost money, or are retired"),
        ),
        aliases=("providers",),
        examples=("providers", "providers list --all", "providers list --probe"),
    ),
    Command(
        "providers add",
        "Add or switch on a provider in providers.yaml",
        "freerouter.commands.entries:add",
        (
            PROVIDER._replace(help="a provider type, such as openrouter or oai"),
            Parameter("name", help="a name of your own for it"),
            Parameter("url", help="the base URL of an OpenAI-compatible server"),
            AT,
            Parameter("key_env", help="the variable that holds its key"),
            Parameter("keyed", "flag", "it wants a key, kept under NAME_API_KEY"),
            Parameter(
                "spend",
                choices=("never", "allowed"),
                help="never: serve only what is known to cost nothing there",
            ),
            Parameter(
                "plan",
                choices=("free", "paid"),
                help="which plan your account there is on, where that decides what is free",
            ),
            Parameter("model", help="the model's name, for type static"),
            Parameter("via", help="LiteLLM's provider prefix, for type static"),
        ),
        needs=(Need.CONFIG,),
        writes=True,
        examples=(
            "providers add openrouter --key-env OPENROUTER_API_KEY",
            "providers add oai --name lab --url http://localhost:8000/v1",
            "providers add moonshot --at cn",
        ),
    ),
    Command(
        "providers remove",
        "Take a provider out of providers.yaml, with what was selected of it",
        "freerouter.commands.entries:remove",
        (ENTRY,),
        needs=(Need.CONFIG,),
        writes=True,
        examples=("providers remove openrouter",),
    ),
    Command(
        "providers enable",
        "Switch a provider on again",
        "freerouter.commands.entries:enable",
        (ENTRY,),
        needs=(Need.CONFIG,),
        writes=True,
        examples=("providers enable openrouter",),
    ),
    Command(
        "providers disable",
        "Switch a provider off, and keep it in providers.yaml",
        "freerouter.commands.entries:disable",
        (ENTRY,),
        needs=(Need.CONFIG,),
        writes=True,
        examples=("providers disable openrouter",),
    ),
    Command(
        "providers show",
        "Show one provider: its address, where its key is, its models",
        "freerouter.commands.providers:show",
        (ENTRY,),
        needs=(Need.CONFIG,),
        examples=("providers show openrouter",),
    ),
    Command(
        "providers try",
        "Find the address at which a server answers",
        "freerouter.commands.probing:try_url",
        (Parameter("url", help="any form of its address", positional=True, required=True),),
        hidden=True,
    ),
    Command(
        "providers local",
        "Look for servers of this machine that answer",
        "freerouter.commands.probing:local",
        hidden=True,
    ),
    Command(
        "check",
        "Ask providers whether they take their keys; with --full, models too",
        "freerouter.commands.check:run",
        (
            Parameter(
                "target",
                help="a provider, or a model (which is then called)",
                positional=True,
                many=True,
                complete="provider",
            ),
            Parameter("full", "flag", "call each selected model once, for one token"),
            Parameter("stream", "flag", "also whether the models stream (a call more for each)"),
            Parameter("tools", "flag", "also whether they call tools (a call more for each)"),
            Parameter("calls", "int", "the budget: no more calls than this", default=50),
            Parameter("paid", "flag", "call also models that cost money"),
            Parameter("fresh", "flag", "ask again, also where a verdict still holds"),
            Parameter("timeout", "float", "seconds that one answer may take", default=20.0),
        ),
        needs=(Need.CONFIG,),
        examples=(
            "check",
            "check openrouter --fresh",
            "check --full --calls 10",
            "check groq/llama-3.3-70b-versatile --stream --tools",
        ),
        details="Exit code 0 when all is well, 1 when something is wrong, 5 when something could "
        "not be told. Verdicts are kept: that it works for an hour, that it does not for five "
        "minutes. A model that answers is proven, also by a client; `list` shows it.",
    ),
    Command(
        "keys list",
        "List the keys that are needed or stored: where each is, and whether it works",
        "freerouter.commands.key_list:run",
        aliases=("keys",),
        needs=(Need.CONFIG,),
        examples=("keys list", "keys list --json"),
        details="Of a key at most its last four characters are shown. VERDICT is what its "
        "provider said last, as far as that still holds: `check` asks again. STORED is when it "
        "was stored here.",
    ),
    Command(
        "keys set",
        "Store a provider's key, typed unseen or read from standard input",
        "freerouter.commands.keys:set_key",
        (
            PROVIDER,
            Parameter("from_env", help="take it from this variable instead of asking for it"),
            Parameter("url", help="the base URL to check it at, for type oai"),
            AT,
            NUMBER,
            Parameter("unchecked", "flag", "store it without asking the provider"),
            STORE,
        ),
        needs=(Need.CONFIG,),
        writes=True,
        secret_input="Key for {provider}",  # noqa: S106 - what the prompt says
        examples=("keys set openrouter", "keys set openrouter --from-env OPENROUTER_API_KEY"),
    ),
    Command(
        "keys check",
        "Ask a provider whether a key works, without storing it",
        "freerouter.commands.keys:check_key",
        (
            PROVIDER,
            Parameter("url", help="the base URL, for type oai"),
            AT,
            Parameter(
                "ask", "flag", "type a key instead of using the configured one", default=False
            ),
        ),
        secret_input="Key for {provider}",  # noqa: S106 - what the prompt says
        examples=("keys check openrouter", "keys check openrouter --ask"),
    ),
    Command(
        "keys show",
        "Print the gateway's own key, for a client's settings",
        "freerouter.commands.keys:show_master",
        (Parameter("which", positional=True, required=True, choices=("master",)),),
        needs=(Need.CONFIG,),
        examples=('export OPENAI_API_KEY="$(freerouter keys show master)"',),
    ),
    Command(
        "keys rotate",
        "Make a new key for the gateway; one that runs goes over to it",
        "freerouter.commands.rotating:run",
        (
            Parameter("which", positional=True, required=True, choices=("master",)),
            Parameter("no_reload", "flag", "store it, and leave the gateway as it runs"),
            STORE,
        ),
        needs=(Need.CONFIG,),
        writes=True,
        examples=("keys rotate master", "keys rotate master --no-reload"),
        details="The new key is of 32 random bytes. Clients that ask with the old one are refused "
        "from then on: `keys show master` prints the new one. Where the gateway does not come up "
        "with it, the old key is kept.",
    ),
    Command(
        "keys remove",
        "Take a provider's key out of .env, or out of the keyring",
        "freerouter.commands.keys:remove_key",
        (PROVIDER, NUMBER),
        needs=(Need.CONFIG,),
        writes=True,
        examples=("keys remove openrouter",),
    ),
)
