"""`init`: a commented providers.yaml. With --wizard the session runs the onboarding flow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from freerouter.config import atomic
from freerouter.config.providers_schema import HEADER, publish
from freerouter.config.secrets import ensure_master_key
from freerouter.config.versions import VERSION, read_version
from freerouter.config.workspace import (
    Workspace,
    project_workspace,
    shown,
    user_workspace,
)
from freerouter.errors import UsageError
from freerouter.result import Line, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freerouter.context import Context

PRIVATE = """\
# Keys, state and copies of this FreeRouter workspace: not for the repository.
.env
.lock
backups/
state/
"""

TEMPLATE = (
    HEADER
    + """\
# FreeRouter: which providers the gateway is made of. Yours to edit.
#
# After a change:  freerouter fetch   then   freerouter reload
# ${NAME} stands for a variable of the environment or of the .env file beside this one;
# ${NAME:-default} has a default. Never write a key itself in here: `freerouter keys set PROVIDER`.

version: 1

# gateway:
#   host: 127.0.0.1          # another address needs a strong key
#   port: 4000
#   request_timeout: 60      # seconds

# spend: never               # serve only what is known to cost nothing, whoever asks for more

# select:                    # which models are served; `freerouter select` writes it
#   openrouter: [qwen/qwen3-coder:free]

# litellm:                   # your own settings, merged into LiteLLM's config.yaml
#   router_settings:
#     num_retries: 2

providers:
  # Dozens of free models with one key: https://openrouter.ai/settings/keys
  # - type: openrouter
  #   api_key: ${OPENROUTER_API_KEY}
  #   options:
  #     models: free         # free (the default), all, or a list of ids

  # Free within 2,000 requests a day: https://modelscope.cn/my/myaccesstoken
  # - type: modelscope
  #   api_key: ${MODELSCOPE_API_KEY}

  # Models on your own machine: https://ollama.com
  # - type: ollama
  #   api_base: http://localhost:11434

  # Any OpenAI-compatible server; the list of models is asked of it
  # - type: oai
  #   name: myservice
  #   api_base: https://api.example.com/v1
  #   api_key: ${MYSERVICE_API_KEY}

  # One model that you name yourself; `provider` is LiteLLM's prefix
  # - type: static
  #   model_name: gpt-4o-mini
  #   provider: openai
  #   api_base: https://api.example.com/v1
  #   api_key: ${YOUR_API_KEY}

  # Probably shut down since 2026-04; still used if it answers
  # - type: iflow
  #   enabled: false
  #   api_key: ${IFLOW_API_KEY}

  # Answered inside the gateway, without network or key. Steps aside for any real provider.
  - type: demo
"""
)


def run(ctx: Context, args: Mapping[str, Any]) -> Result:
    workspace = choose_workspace(ctx, args["at"])
    where = shown(workspace.providers_file, ctx.environ)
    made = not workspace.configured
    if made:
        text = TEMPLATE
        if workspace.profile:
            from freerouter.commands.profiles import template_for

            text = template_for(ctx.move(workspace))
        with atomic.lock(workspace.root):
            atomic.write_text(workspace.providers_file, text)
            publish(workspace)
            if workspace.origin == "project":
                keep_out_of_git(workspace)
    ensure_master_key(ctx.move(workspace))
    first = (
        Line(f"Made {where}.", "ok")
        if made
        else Line(f"{where} is there already and was left as it is.", "dim")
    )
    hints = [first, *_hints(ctx.move(workspace), made=made)]
    show = (
        *hints,
        Line("Next: edit it and run `freerouter fetch`, or `freerouter init --wizard`."),
    )
    return Result(
        {"workspace": workspace.root, "made": made, "providers_file": workspace.providers_file},
        show,
    )


def _hints(ctx: Context, *, made: bool) -> list[Line]:
    """What is there already, of ours or of other tools, and the command that takes it over."""
    from freerouter.commands.import_sources import importable

    hints = []
    if not made and read_version(ctx.workspace.providers_file) < VERSION:
        hints.append(
            Line("It is of an earlier version: `freerouter migrate` brings it to today's.")
        )
    others = ", ".join(importable(ctx))
    if others:
        hints.append(Line(f"Keys of other tools are here ({others}): `freerouter import`."))
    return hints


def keep_out_of_git(workspace: Workspace) -> None:
    """A project is often a repository, and keys do not belong into one."""
    path = os.path.join(workspace.root, ".gitignore")
    if not os.path.exists(path):
        atomic.write_text(path, PRIVATE)


def choose_workspace(ctx: Context, at: str | None) -> Workspace:
    """Where to make it: as told, else where commands look already, else as the original did."""
    profile = ctx.workspace.profile
    project = project_workspace(ctx.cwd, profile)
    if at == "project":
        return project
    if at == "user":
        if project.configured or project_workspace(ctx.cwd).configured:
            raise UsageError(
                "This directory has a configuration of its own (./config), which comes first.",
                fix="Use --at project, or go to another directory.",
            )
        return user_workspace(ctx.environ, profile)
    if ctx.workspace.configured or profile or ctx.environ.get("FREEROUTER_HOME"):
        return ctx.workspace
    # The original kept to ./config where that directory exists.
    return project if os.path.isdir(os.path.join(ctx.cwd, "config")) else ctx.workspace
