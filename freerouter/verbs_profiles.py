"""The verbs that are about profiles: set-ups beside each other, each with a gateway of its own."""

from __future__ import annotations

from freerouter.registry import Command, Parameter

NAME = Parameter(
    "name", help="a profile's name", positional=True, required=True, complete="profile"
)
PORT = Parameter("port", "int", "where its gateway listens (the next one that is free)")

PROFILE_COMMANDS = (
    Command(
        "profile list",
        "List the profiles: which is in use, and what runs",
        "freerouter.commands.profiles:list_all",
        aliases=("profile", "profiles"),
        examples=("profile list", "profile list --json"),
        details="A profile is a set-up of its own: its providers.yaml, its models, its gateway at "
        "its port. `default` is the workspace itself. Provider keys in the workspace's .env count "
        "in every profile that has not its own.",
    ),
    Command(
        "profile new",
        "Make a profile",
        "freerouter.commands.profiles:new",
        (
            NAME._replace(help="its name", complete=""),
            Parameter("from", help="begin with what this profile has", complete="profile"),
            PORT,
        ),
        writes=True,
        examples=("profile new dev", "profile new staging --from dev --port 4100"),
    ),
    Command(
        "profile use",
        "Say which profile commands are about from now on",
        "freerouter.commands.profiles:use",
        (NAME,),
        writes=True,
        examples=("profile use dev", "profile use default"),
        details="`--profile NAME` and the variable FREEROUTER_PROFILE come before it.",
    ),
    Command(
        "profile copy",
        "Copy a profile, with its own keys, to a new one at another port",
        "freerouter.commands.profiles:copy",
        (
            NAME._replace(name="source", help="the profile to copy"),
            NAME._replace(name="target", help="the new one", complete=""),
            PORT,
        ),
        writes=True,
        examples=("profile copy dev staging",),
    ),
    Command(
        "profile remove",
        "Remove a profile; what was written by hand is kept aside",
        "freerouter.commands.profiles:remove",
        (NAME, Parameter("yes", "flag", "do not ask", short="y")),
        writes=True,
        of_session=True,
        examples=("profile remove dev",),
        details="The one in use stays, and one whose gateway runs.",
    ),
    Command(
        "profile diff",
        "Tell how the settings of two profiles differ, secrets hidden",
        "freerouter.commands.profiles:diff",
        (
            NAME._replace(name="one", help="a profile"),
            NAME._replace(name="other", help="another one"),
        ),
        examples=("profile diff default dev", "profile diff staging prod --json"),
    ),
)
