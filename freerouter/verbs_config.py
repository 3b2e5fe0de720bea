"""The verbs that are about what is written in the configuration."""

from __future__ import annotations

from freerouter.registry import FRONT_END, Command, Need, Parameter

KEY = Parameter(
    "key",
    positional=True,
    required=True,
    complete="setting",
    help="a setting's name, with dots: gateway.port, providers.groq.options.rpm",
)

CONFIG_COMMANDS = (
    Command(
        "config show",
        "Show every setting that is in force, and where its value comes from",
        "freerouter.commands.settings:show",
        aliases=("config",),
        needs=(Need.CONFIG,),
        examples=("config show", "config show --json"),
        details="FROM is a place in providers.yaml, a variable, or the default. Of a secret it "
        "shows the end at most.",
    ),
    Command(
        "config get",
        "Print the value of one setting, alone",
        "freerouter.commands.settings:get",
        (KEY,),
        needs=(Need.CONFIG,),
        examples=("config get gateway.port", "config get providers.groq.enabled"),
        details="What is not written anywhere has its default. Exit code 4 where there is no such "
        "setting, or where it has no value.",
    ),
    Command(
        "config set",
        "Change one setting in providers.yaml: checked first, backed up, comments kept",
        "freerouter.commands.settings:put_value",
        (
            KEY,
            Parameter(
                "value",
                positional=True,
                required=True,
                help="as YAML has it: 4100, true",
            ),
        ),
        needs=(Need.CONFIG,),
        writes=True,
        examples=(
            "config set gateway.port 4100",
            "config set spend never",
            "config set providers.groq.options.rpm 30",
            "config set litellm.router_settings.num_retries 1",
        ),
        details="A value that the setting does not take is refused, and nothing is written. Keys "
        "are no settings: `keys set` stores them. `undo` takes the change back.",
    ),
    Command(
        "config unset",
        "Take one setting out of providers.yaml: its default holds again",
        "freerouter.commands.settings:unset",
        (KEY,),
        needs=(Need.CONFIG,),
        writes=True,
        examples=("config unset gateway.port",),
    ),
    Command(
        "config edit",
        "Open providers.yaml in your editor; it is taken over only when it is sound",
        FRONT_END,
        (Parameter("file", positional=True, complete="path", help="go on with an edit kept so"),),
        needs=(Need.CONFIG,),
        writes=True,
        examples=("config edit", "config edit providers.edit.yaml"),
        details="The editor is $VISUAL, $EDITOR, or what the system has, on a copy. What is wrong "
        "with it is told with line and column, and it can be edited again or given up, and is kept "
        "aside then. The file is replaced, after a backup, if nothing else has changed it "
        "meanwhile. It needs a terminal.",
    ),
    Command(
        "config redacted",
        "Print providers.yaml with every secret hidden, for a report of a fault",
        "freerouter.commands.settings:redacted",
        (Parameter("made", "flag", "the config.yaml that was made from it instead"),),
        needs=(Need.CONFIG,),
        examples=("config redacted", "config redacted --made"),
        details="Also keys that stand in it in clear are hidden, in comments too: each is "
        "`hidden-` and a piece of its hash, the same wherever the same key stands.",
    ),
)

VALIDATE_COMMANDS = (
    Command(
        "validate",
        "Find everything that is wrong in a configuration, FreeRouter's or LiteLLM's",
        "freerouter.commands.validate:run",
        (
            Parameter("file", positional=True, complete="path"),
            Parameter("fix", "flag", "mend what can be mended safely, after a backup"),
            Parameter("strict", "flag", "exit code 1 also for warnings"),
            Parameter(
                "format",
                choices=("text", "json", "sarif", "github"),
                default="text",
                help="for a program: json, sarif, or github for annotations in its CI",
            ),
            Parameter("rules", "flag", "list the rules, and stop"),
            Parameter("schema", "flag", "print the JSON Schema of providers.yaml, and stop"),
        ),
        writes=True,
        examples=(
            "validate",
            "validate litellm/config.yaml",
            "validate --fix",
            "validate config.yaml --format sarif",
        ),
        details="Without FILE it looks at the workspace: providers.yaml, config.yaml, the rights "
        "of .env. FILE may be a providers.yaml, a flow, or anybody's config.yaml of LiteLLM; its "
        "content tells. Exit code 0 without errors, 1 with, 2 for a file that cannot be read.",
    ),
)
