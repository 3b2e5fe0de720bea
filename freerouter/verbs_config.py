"""The verbs that are about what is written in the configuration."""

from __future__ import annotations

from freerouter.registry import Command, Parameter

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
