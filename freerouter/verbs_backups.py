"""The verbs that are about what was there before."""

from __future__ import annotations

from freerouter.registry import Command, Need, Parameter

BACKUP_COMMANDS = (
    Command(
        "backup",
        "Keep providers.yaml and config.yaml as they are now",
        "freerouter.commands.backups:make",
        needs=(Need.CONFIG,),
        writes=True,
        examples=("backup",),
        details="Every command that changes them does this first. Twenty backups are kept. "
        "Keys are never in one.",
    ),
    Command(
        "backups",
        "List the backups, and what has changed after each",
        "freerouter.commands.backups:list_all",
        examples=("backups", "backups --json"),
    ),
    Command(
        "diff",
        "Tell what is different: models, prices, providers, settings",
        "freerouter.commands.diff:run",
        (
            Parameter(
                "backup",
                help="a backup, or two: its name, its number, latest, or a file",
                positional=True,
                many=True,
                complete="backup",
            ),
            Parameter("running", "flag", "from what the gateway serves: what a reload changes"),
            Parameter("raw", "flag", "the lines of the files, secrets hidden"),
        ),
        examples=("diff", "diff 3", "diff 3 latest", "diff --running", "diff --raw"),
        details="From the backup to what there is now, or from the first backup to the second. "
        "Without any, from the latest. Exit code 0 when both are the same, 1 when they differ.",
    ),
    Command(
        "restore",
        "Bring back a backup; what there is now is backed up first",
        "freerouter.commands.restore:run",
        (
            Parameter(
                "file",
                help="a backup's name, its number, latest, or a file",
                positional=True,
                required=True,
                complete="backup",
            ),
            Parameter("yes", "flag", "do not ask first", short="y"),
        ),
        writes=True,
        of_session=True,
        confirms=True,
        examples=(
            "restore latest",
            "restore 3 --yes",
            "restore config.yaml.backup.20240131_120000",
        ),
        details="providers.yaml and config.yaml come back as they were at one moment. Where only "
        "one of them was kept, the other stays, or is made anew from the last lists of models. "
        "`.env` is not touched.",
    ),
    Command(
        "undo",
        "Take the last change of providers.yaml and config.yaml back",
        "freerouter.commands.restore:undo",
        writes=True,
        examples=("undo",),
        details="The next `undo` goes one change further back. What there was is backed up first, "
        "so `restore latest` takes the undo back. Keys are not changes: `.env` is not touched.",
    ),
)
