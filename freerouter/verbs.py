"""The table of every verb. Help, completion, the parser and the docs are all made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.registry import FRONT_END, Command, Need, Parameter, Registry
from freerouter.verbs_aliases import ALIAS_COMMANDS
from freerouter.verbs_backups import BACKUP_COMMANDS
from freerouter.verbs_budgets import BUDGET_COMMANDS
from freerouter.verbs_config import CONFIG_COMMANDS, VALIDATE_COMMANDS
from freerouter.verbs_gateway import GATEWAY_COMMANDS
from freerouter.verbs_moving import MOVING_COMMANDS
from freerouter.verbs_profiles import PROFILE_COMMANDS
from freerouter.verbs_providers import PROVIDER_COMMANDS
from freerouter.verbs_shell import SHELL_COMMANDS
from freerouter.verbs_talking import TALKING_COMMANDS
from freerouter.verbs_usage import USAGE_COMMANDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SET = Parameter(
    "set",
    many=True,
    help="answer a question beforehand: --set id=value (a secret as id=env:NAME)",
)
YES = Parameter("yes", "flag", "take every default and confirm the plan", short="y")
FLOW_OPTIONS = (
    SET,
    YES,
    Parameter("advanced", "flag", "also ask what is usually left at its default"),
    Parameter("dry_run", "flag", "show the plan and stop"),
    Parameter("explain", "flag", "say where each answer came from"),
    Parameter("jsonl", "flag", "be driven by another program: questions and answers as JSON lines"),
)
"""What every command takes that opens a flow."""

COMMANDS = (
    Command(
        "help",
        "Show the commands, or one of them",
        "freerouter.commands.help:run",
        (Parameter("command", positional=True, many=True, complete="command"),),
        examples=("help", "help start", "help how do I add groq"),
        details="It takes a plain question, too: the commands whose words are those of the "
        "question are named.",
    ),
    *SHELL_COMMANDS,
    Command(
        "init",
        "Make a configuration; with --wizard, go from nothing to a running gateway",
        "freerouter.commands.init:run",
        (
            Parameter("wizard", "flag", "ask, show a plan, then do it"),
            Parameter(
                "at",
                choices=("user", "project"),
                help="where: for this user, or in ./config of this directory",
            ),
            *FLOW_OPTIONS,
        ),
        writes=True,
        flow="onboarding",
        examples=("init", "init --wizard", "init --wizard --set providers=demo --yes"),
        details="Without --wizard it writes a commented providers.yaml to edit by hand. "
        "An existing file is never overwritten.",
    ),
    *PROVIDER_COMMANDS,
    Command(
        "fetch",
        "Ask every provider for its models and write the gateway's config.yaml",
        "freerouter.commands.fetch:run",
        (
            Parameter(
                "provider", many=True, help="ask only this one, or these", complete="provider"
            ),
            Parameter("timeout", "float", "seconds that one provider may take", default=30.0),
            Parameter("strict", "flag", "fail if any provider fails"),
            Parameter("fresh", "flag", "ask also where a server said that its list still holds"),
        ),
        needs=(Need.CONFIG,),
        writes=True,
        examples=("fetch", "fetch --strict", "fetch --provider openrouter"),
        details="It tells what is different since the last list. "
        "A provider that fails keeps its last good list, marked stale. Exit code 5 when no "
        "provider answered (with --strict: when one failed). Without any model nothing is written.",
    ),
    Command(
        "select",
        "Choose which models the gateway serves",
        "freerouter.commands.select:run",
        (
            Parameter(
                "model",
                help="a model's id, or provider/id; 'qwen/*' means all that fit",
                positional=True,
                many=True,
                complete="model",
            ),
            Parameter("add", "flag", "these too, besides what is selected"),
            Parameter("remove", "flag", "these no more"),
            Parameter(
                "provider", help="only models of this provider, or of 'lab*'", complete="provider"
            ),
            Parameter("free", "flag", "the models that cost nothing"),
            Parameter("limit", "int", "no more than this many, the best; with --remove the worst"),
            Parameter("clear", "flag", "forget the selection: back to each provider's rule"),
            Parameter("dry_run", "flag", "say what would come and go, and change nothing"),
        ),
        needs=(Need.CONFIG, Need.MODELS),
        writes=True,
        flow="pick-models",
        examples=(
            "select --free --limit 5",
            "select openrouter/openai/gpt-5 ollama/qwen3:latest",
            "select 'qwen/*' --free --limit 3",
            "select --add --provider ollama",
            "select --clear",
        ),
        details="The models named, or those that --free, --limit and --provider let through, are "
        "all that is served from then on. It asks nobody: it knows the lists of the last fetch. "
        "What is selected is kept under `select:` in providers.yaml. The best are those that do "
        "not fail, that cost nothing, that are proven; then those with the larger context, then "
        "the cheaper ones, then by name.",
    ),
    Command(
        "list",
        "List the models of the last fetch",
        "freerouter.commands.list:run",
        (
            Parameter("search", help="parts of a model's name, the best match first"),
            Parameter("provider", help="only this provider", complete="provider"),
            Parameter("free", "flag", "only models that cost nothing"),
            Parameter("context", help="only models that take so many tokens: 100k, 1M"),
            Parameter(
                "capability",
                many=True,
                choices=("tools", "vision", "audio", "reasoning", "json"),
                help="only models that are known to have it",
            ),
            Parameter(
                "state",
                many=True,
                choices=("listed", "proven", "failing", "gone"),
                help="only models in this state",
            ),
            Parameter(
                "sort", help="name, provider, price, context and more; -price turns it round"
            ),
            Parameter("columns", help="which, in which order: model,context,state"),
        ),
        needs=(Need.MODELS,),
        examples=(
            "list",
            "list --search llama --free",
            "list --capability tools --context 100k --sort price",
            "list --state failing --columns model,why",
            "list --provider openrouter --json",
        ),
        details="A model is listed, proven (its last call was answered), failing (its last call "
        "was not) or gone (selected, but in its provider's list no more). SERVED is what the "
        "running gateway really serves. A narrow screen shows fewer columns; --json tells all.",
    ),
    Command(
        "models choices",
        "The last list of models, as the picker shows it",
        "freerouter.commands.models:choices",
        needs=(Need.MODELS,),
        hidden=True,
    ),
    *ALIAS_COMMANDS,
    *GATEWAY_COMMANDS,
    *MOVING_COMMANDS,
    *CONFIG_COMMANDS,
    *VALIDATE_COMMANDS,
    *PROFILE_COMMANDS,
    *BACKUP_COMMANDS,
    Command(
        "doctor",
        "Find out what is wrong, and what mends it",
        "freerouter.commands.doctor:run",
        (Parameter("offline", "flag", "ask no provider"),),
        flow="diagnose",
        examples=("doctor", "doctor --json"),
        details="It changes nothing. Exit code 0 when there is no error, else 1. "
        "With --json it prints all that a report of a fault needs, secrets hidden.",
    ),
    Command(
        "logs",
        "Show the gateway's log, or its requests, secrets hidden",
        "freerouter.commands.logs:run",
        (
            Parameter("lines", "int", "how many of the last lines (50)", short="n"),
            Parameter("follow", "flag", "go on as lines are written (Ctrl-C ends)", short="f"),
            Parameter("since", help="from then on: 10m, 2h, or 2026-01-31T18:00"),
            Parameter("errors", "flag", "only what went wrong"),
            Parameter("requests", "flag", "one line for each request of a client", short="r"),
            Parameter("bodies", "flag", "the same with questions and answers, if recorded"),
        ),
        examples=("logs", "logs -n 200", "logs -f", "logs -r --since 10m", "logs -r --errors"),
        details="Older files, which were moved aside at 5 MB, are read as well. "
        "With --json it prints one object, and with -f one a line. "
        "Questions and answers are recorded only with `gateway: {log_bodies: true}`.",
    ),
    *USAGE_COMMANDS,
    *BUDGET_COMMANDS,
    *TALKING_COMMANDS,
    Command(
        "env",
        "Print the lines that point a client at the gateway",
        "freerouter.commands.env:run",
        needs=(Need.CONFIG,),
        examples=("env", 'eval "$(freerouter env)"'),
    ),
    Command(
        "flow list",
        "List the flows: guided conversations that end in a plan of commands",
        "freerouter.flows:list_all",
        aliases=("flows",),
        of_session=True,
        examples=("flow list",),
    ),
    Command(
        "flow check",
        "Check a flow file of your own, without running it",
        "freerouter.flows:check",
        (Parameter("file", positional=True, required=True, complete="path"),),
        of_session=True,
        examples=("flow check my-flow.yaml",),
    ),
    Command(
        "flow schema",
        "Print the JSON Schema of flow files, for editors",
        "freerouter.flows:schema",
        of_session=True,
        examples=("flow schema > flow.schema.json",),
    ),
    Command(
        "flow resume",
        "Go on with a flow that was broken off",
        "freerouter.flows:resume",
        (Parameter("name", positional=True, complete="flow"), YES),
        writes=True,
        of_session=True,
        examples=("flow resume",),
    ),
    Command(
        "flow",
        "Open a flow",
        "freerouter.flows:run_named",
        (Parameter("name", positional=True, required=True, complete="flow"), *FLOW_OPTIONS),
        writes=True,
        of_session=True,
        examples=("flow add-provider", "flow add-provider --dry-run"),
        details="Your own flows lie in `flows/` beside providers.yaml, a YAML file each.",
    ),
    Command(
        "run",
        "Run a script, or replay a recorded session and compare",
        FRONT_END,
        (
            Parameter("file", positional=True, required=True, complete="path"),
            Parameter("set", many=True, help="a variable: NAME=VALUE, for ${NAME} in commands"),
            Parameter("dry_run", "flag", "say what would run, and stop"),
            Parameter("keep_going", "flag", "go on after a failure"),
            Parameter("list", "flag", "outline the file, and stop"),
            Parameter("update", "flag", "write into the file what came out differently"),
        ),
        examples=("run set-up.frs", "run set-up.frs --set PORT=4001", "run --list set-up.frs"),
        details="A script is one command a line; docs/reference/frs.md tells what else it can say. "
        "Exit code 0 when all held, 1 when something differed or failed (a plain list: that of the "
        "command), 2 when the file cannot be read, 80 when what it needs is not there.",
    ),
    Command(
        "record",
        "Record what is done in the shell, as a session that `run` replays",
        FRONT_END,
        (Parameter("file", positional=True, many=True, required=True, complete="path"),),
        examples=("record first-run.frs", "record on first-run.frs", "record off"),
        details="On a command line it opens the shell; in the shell, `record on FILE` begins and "
        "`record off` writes the file. `--record FILE` records a single command.",
    ),
    Command(
        "plugins",
        "List what installed packages add: commands, flows and providers",
        "freerouter.commands.plugins:run",
        examples=("plugins", "plugins --json"),
        details="Exit code 1 where a part of a plugin is broken or its name is taken: it is left "
        "out, and everything else works. FREEROUTER_PLUGINS=off leaves all plugins out.",
    ),
    Command(
        "where",
        "Tell where things are and in which state: what flows ask first",
        "freerouter.commands.where:run",
        hidden=True,
    ),
    Command(
        "shell",
        "Open the FreeRouter shell (also: `freerouter` alone)",
        FRONT_END,
        examples=("shell",),
    ),
)


def _plugged(ours: Collection[str]) -> Iterable[Command]:
    from freerouter.plugins import plugged_commands

    return plugged_commands(ours)


REGISTRY = Registry(COMMANDS, _plugged)
