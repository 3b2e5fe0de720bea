"""The verbs that talk to models, and the one that makes a system shell complete them all."""

from __future__ import annotations

from freerouter.registry import Command, Need, Parameter

MODEL = Parameter("model", help="the model to ask", complete="model")
SYSTEM = Parameter("system", help="what the model is told before: who it is, how to answer")
TIMEOUT = Parameter("timeout", "float", "seconds that a model may take", default=60.0)

TALKING_COMMANDS = (
    Command(
        "ask",
        "Ask a model through the gateway: the quickest proof that it works",
        "freerouter.commands.ask:run",
        (
            Parameter("question", positional=True, many=True, required=True, piped=True),
            MODEL,
            SYSTEM,
            TIMEOUT,
        ),
        needs=(Need.GATEWAY,),
        examples=(
            'ask "Say hello"',
            'ask --model demo "Say hello"',
            "ask - < question.txt",
            'ask "Put this into one sentence:" - < notes.txt',
        ),
        details="The answer is shown as it comes, and under it who gave it, how long it took and "
        "what it cost. Without --model it asks `auto` if there is such an alias, else a few "
        "models until one answers. `-` stands for standard input. Nothing of it is kept.",
    ),
    Command(
        "chat",
        "Talk with a model through the gateway, until /exit",
        "freerouter.chat:run",
        (
            MODEL,
            SYSTEM,
            TIMEOUT,
            Parameter("jsonl", "flag", "be driven by another program: what is said, as JSON lines"),
        ),
        needs=(Need.GATEWAY,),
        of_session=True,
        asks=("you",),
        examples=("chat", "chat --model demo", 'chat --system "Answer in one sentence."'),
        details="/model NAME asks another one from then on, /new begins anew, /help tells more; "
        "/exit or Ctrl-D ends it. Ctrl-C stops an answer. What is said is kept in memory only, "
        "and in a recording where you make one.",
    ),
    Command(
        "completion",
        "Print what makes bash, zsh or fish complete these commands at a TAB",
        "freerouter.commands.completion:run",
        (
            Parameter(
                "shell",
                help="bash, zsh or fish",
                positional=True,
                required=True,
                choices=("bash", "zsh", "fish"),
            ),
        ),
        examples=(
            'eval "$(freerouter completion bash)"',
            'eval "$(freerouter completion zsh)"',
            "completion fish",
        ),
        details="The line for your shell goes into its start-up file. Commands, options, "
        "providers, models, aliases, profiles and flows are completed.",
    ),
)
