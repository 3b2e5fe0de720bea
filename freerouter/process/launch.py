"""What a gateway is started with: its address, its configuration and an environment of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from freerouter.config.providers_file import KEEP_DAYS
from freerouter.config.state import fingerprint_of
from freerouter.errors import FileError, UsageError
from freerouter.process.port import is_loopback
from freerouter.redact import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.config.budgets_file import Budget
    from freerouter.context import Context

STRONG = 24
"""Shortest master key, in characters, with which anything but loopback may be listened on."""
MASTER_KEY = "LITELLM_MASTER_KEY"
PASSED_ON = (
    "PATH", "HOME", "USER", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TMPDIR", "TEMP", "TMP", "TZ",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "SYSTEMROOT", "LD_LIBRARY_PATH",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "VIRTUAL_ENV", "PYTHONPATH", "FREEROUTER_ENGINE_PATCHES", "FREEROUTER_RECORDER",
)  # fmt: skip
"""The user's variables that the engine gets. LiteLLM reads many more, which would beat ours."""
SETTINGS = {
    "LITELLM_MODE": "PRODUCTION",
    # What LiteLLM would fetch from its makers, some of it while a request waits for that.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_TELEMETRY": "False",
    "DISABLE_ADMIN_UI": "True",
    "NO_DOCS": "True",
    "NO_REDOC": "True",
    "NO_OPENAPI": "True",
    "LITELLM_DISABLE_BUG_REPORT_LINK": "true",
    "PYTHONUTF8": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONSAFEPATH": "1",
    # One thread more would make forking unsafe.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}


class Launch(NamedTuple):
    """What a gateway is started with. `values` are the secrets that config.yaml names."""

    host: str
    port: int
    master_key: str
    values: Mapping[str, str]
    engine: str
    models: int
    debug: bool = False
    timeout: float = 120.0
    workers: int = 1
    fork: bool = True
    """Workers are forked off the supervisor, where the system can do that."""
    bodies: bool = False
    """Bodies are recorded with the requests."""
    keep_days: int = KEEP_DAYS
    """How long the numbers of requests are kept; 0: for ever."""
    metrics_port: int = 0
    """Where they may be scraped, on loopback; 0: nowhere."""
    budgets: tuple[Budget, ...] = ()
    """Of providers.yaml as it was then; workers read it again when it changes."""
    hung: float = 30.0
    """Seconds without a sign of life after which a worker is taken for hung."""

    def check(self) -> None:
        """Raise where the address is open to others and the key is too short for that."""
        if not is_loopback(self.host) and len(self.master_key) < STRONG:
            raise UsageError(
                f"The gateway's key is too short to listen on {self.host}.",
                "Anyone on the network could guess it.",
                "`keys rotate master` makes a strong one. Or listen on 127.0.0.1.",
            )


def base_environment(ctx: Context) -> dict[str, str]:
    """Made from nothing: what LiteLLM would pick up from the user's shell does not get in."""
    kept = {name: ctx.environ[name] for name in PASSED_ON if name in ctx.environ}
    direct = [kept.get("NO_PROXY") or kept.get("no_proxy") or "", "localhost,127.0.0.1,::1"]
    kept["NO_PROXY"] = kept["no_proxy"] = ",".join(part for part in direct if part)
    return {**kept, **SETTINGS}


def job_of(ctx: Context, launch: Launch) -> dict[str, Any]:
    """What a worker needs to know, for the supervisor: it holds secrets, and is never written."""
    path = ctx.workspace.config_file
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "It is not UTF-8 text"
        raise FileError(
            f"Cannot read {path}.", f"{why}.", "`freerouter fetch` writes it anew."
        ) from None
    secrets = {**launch.values, MASTER_KEY: launch.master_key}
    settings = {
        "LITELLM_LOG": "DEBUG" if launch.debug else "WARNING",
        "FREEROUTER_LOG_BODIES": "1" if launch.bodies else "0",
    }
    return {
        "host": launch.host,
        "port": launch.port,
        "config": text,
        "beside": ctx.workspace.root,
        "fingerprint": fingerprint_of(path),
        "models": launch.models,
        "key": digest(launch.master_key),
        "environ": {**base_environment(ctx), **settings, **secrets},
        "secrets": sorted(secrets),
        "workers": launch.workers,
        "debug": launch.debug,
        "timeout": launch.timeout,
        "fork": launch.fork,
        "hung": launch.hung,
        "keep_days": launch.keep_days,
        "budgets": [(budget.scope, budget.text) for budget in launch.budgets],
        "metrics_port": launch.metrics_port,
        "since": ctx.now(),
    }
