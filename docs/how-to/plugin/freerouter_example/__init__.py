"""The commands that this plugin adds. What they do is imported when they are called."""

from freerouter.registry import Command, Need, Parameter

COMMANDS = (
    Command(
        "cheapest",
        "Name the cheapest models of the last fetch",
        "freerouter_example.cheapest:run",
        (Parameter("limit", "int", "how many", default=3),),
        needs=(Need.MODELS,),
        examples=("cheapest", "cheapest --limit 1"),
    ),
)
