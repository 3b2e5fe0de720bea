"""The verbs that help somebody on, and the settings of the shell."""

from __future__ import annotations

from freerouter.registry import Command, Parameter

SHELL_COMMANDS = (
    Command(
        "next",
        "Say what would naturally come next",
        "freerouter.commands.next:run",
        aliases=("what next",),
        examples=("next", "what next"),
        details="It looks at what is set up, what runs and what fails, and asks nobody.",
    ),
    Command(
        "why",
        "Explain what is wrong; in the shell, what failed last",
        "freerouter.commands.why:run",
        examples=("why",),
        details="What `doctor --offline` finds to be wrong, with the command that mends it. In the "
        "shell it explains what failed last, if something did.",
    ),
    Command(
        "how",
        "Find the command for something, by plain words",
        "freerouter.commands.how:run",
        (
            Parameter(
                "question", help="what is to be done: do I add groq", positional=True, many=True
            ),
        ),
        aliases=("what", "which", "can"),
        examples=("how do I add groq", "can I start the gateway"),
        details="The words are looked for in what the commands say of themselves: no model is "
        "asked. `help` takes a question as well.",
    ),
    Command(
        "set",
        "Show or change the settings of the shell",
        "freerouter.commands.shell_settings:run",
        (
            Parameter(
                "name",
                help="which one",
                positional=True,
                choices=("editing", "completion", "hints", "toolbar"),
            ),
            Parameter(
                "value",
                help="what it is to be",
                positional=True,
                choices=("emacs", "vi", "on", "off"),
            ),
        ),
        writes=True,
        examples=("set", "set editing vi", "set toolbar off"),
        details="Kept in state/shell.json, beside the configuration. docs/reference/shell.md tells "
        "what there is.",
    ),
)
