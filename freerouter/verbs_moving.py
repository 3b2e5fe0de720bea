"""The verbs that carry a set-up along: from an older version, from other tools, as one file."""

from __future__ import annotations

from freerouter.registry import Command, Need, Parameter

DRY_RUN = Parameter("dry_run", "flag", "show the plan and stop")
YES = Parameter("yes", "flag", "confirm the plan", short="y")

MOVING_COMMANDS = (
    Command(
        "migrate",
        "Bring an earlier FreeRouter's files to today's, keys in clear into .env",
        "freerouter.commands.migrate:run",
        (
            Parameter(
                "directory",
                help="where those files are, if not where commands look",
                positional=True,
                complete="path",
            ),
            Parameter("scrub", "flag", "also take the keys out of old backups and logs"),
            DRY_RUN,
            YES,
        ),
        writes=True,
        of_session=True,
        examples=("migrate --dry-run", "migrate --scrub --yes", "migrate ~/old/config"),
        details="It knows every version of ours, and FreeRouter 0.1.x. Its steps are named, and "
        "what is done already is not done again. Keys go to .env (0600); whatever else is "
        "overwritten is kept in `backups/`.",
    ),
    Command(
        "import",
        "Take over providers and keys that other tools have",
        "freerouter.commands.importing:run",
        (
            Parameter(
                "from",
                help="a file, or a tool: claude-code-router, aider, llm, litellm",
                positional=True,
                complete="path",
            ),
            DRY_RUN,
            YES,
        ),
        writes=True,
        of_session=True,
        examples=("import", "import litellm_config.yaml --dry-run", "import ~/work/.env --yes"),
        details="Without a source it lists what lies in the usual places. The other tool's files "
        "are only read. What is set up here already stays as it is, keys included; what cannot be "
        "taken over is told.",
    ),
    Command(
        "export",
        "Print the whole set-up as one file, keys by reference",
        "freerouter.commands.exporting:run",
        (Parameter("file", help="write it there", positional=True, complete="path"),),
        needs=(Need.CONFIG,),
        examples=("export", "export set-up.yaml"),
        details="Providers, selection and settings, records of `providers.d/` and flows of your "
        "own. The same set-up gives the same bytes. `apply` makes it again, here or elsewhere.",
    ),
    Command(
        "apply",
        "Make this workspace what a file of `export` says",
        "freerouter.commands.applying:run",
        (
            Parameter(
                "file",
                help="the file; - reads standard input",
                positional=True,
                required=True,
                complete="path",
            ),
            DRY_RUN,
            YES,
        ),
        writes=True,
        of_session=True,
        examples=("apply set-up.yaml --dry-run", "apply set-up.yaml --yes"),
        details="What is not in the file goes. All is done or nothing, and every file that is "
        "overwritten is kept in `backups/`. A second time there is nothing to change.",
    ),
)
