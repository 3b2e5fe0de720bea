"""The verbs that are about the gateway's process."""

from __future__ import annotations

from freerouter.registry import Command, Need, Parameter

DEBUG = Parameter("debug", "flag", "let the engine log in detail", short="d")
TIMEOUT = Parameter("timeout", "float", "seconds to wait until it answers", default=120.0)
WATCH = Parameter("watch", "flag", "reload whenever the files of the workspace change")
RUNNABLE = (Need.CONFIG, Need.MODELS, Need.ENGINE)

GATEWAY_COMMANDS = (
    Command(
        "start",
        "Start the gateway in the background and wait until it answers",
        "freerouter.commands.start:run",
        (
            DEBUG,
            Parameter("port", "int", "listen here instead of the configured port"),
            TIMEOUT,
            Parameter("foreground", "flag", "stay, show its log, and end with it"),
            WATCH._replace(help="with --foreground: reload whenever the files change"),
        ),
        needs=RUNNABLE,
        writes=True,
        examples=("start", "start --port 4001", "start --foreground"),
        details="A supervisor owns the port, and starts a worker anew that has crashed. "
        "`gateway: {workers: 2}` in providers.yaml has two of them serve. With --foreground it "
        "is made for containers and for systemd, see `service install`: it ends on SIGTERM once "
        "requests in flight are finished.",
    ),
    Command(
        "stop",
        "Stop the gateway; requests in flight may finish first",
        "freerouter.commands.stop:run",
        (Parameter("timeout", "float", "seconds that requests may take to finish", default=10.0),),
        writes=True,
        examples=("stop",),
    ),
    Command(
        "reload",
        "Go over to the present configuration; no request is lost",
        "freerouter.commands.reload:run",
        (
            Parameter("refresh", "flag", "fetch first", short="r"),
            DEBUG,
            TIMEOUT,
            WATCH,
        ),
        needs=RUNNABLE,
        writes=True,
        examples=("reload", "reload -r", "reload --watch"),
        details="New workers are ready before the old ones stop accepting; those finish what "
        "they have begun, streams included. If the new ones do not come up, the old ones go on "
        "serving. A gateway that does not run is started.",
    ),
    Command(
        "status",
        "Say whether the gateway runs, where, and with what",
        "freerouter.commands.status:run",
        (Parameter("wait", help="wait until it runs, at most so long: 30s, 2m"),),
        examples=("status", "status --json", "status --wait 30s"),
        details="Exit code 0 when it runs and answers, 6 when it does not.",
    ),
    Command(
        "service install",
        "Write a unit for systemd (launchd on macOS) that runs the gateway",
        "freerouter.commands.service:install",
        (Parameter("dry_run", "flag", "show the file, and write nothing"),),
        needs=RUNNABLE,
        writes=True,
        examples=("service install", "service install --dry-run"),
        details="It writes the unit and says which commands switch it on; it calls none itself.",
    ),
    Command(
        "service remove",
        "Take that unit away again",
        "freerouter.commands.service:remove",
        writes=True,
        examples=("service remove",),
    ),
)
