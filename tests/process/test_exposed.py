"""What the gateway serves, and what of LiteLLM it does not: nothing but models."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freerouter.config.state import read_state

if TYPE_CHECKING:
    from conftest import World

pytestmark = pytest.mark.gateway
HIDDEN = (
    "/ui", "/ui/", "/login", "/sso/key/generate", "/fallback/login",
    "/docs", "/redoc", "/openapi.json",
    "/mcp", "/mcp/", "/v1/mcp/tools", "/mcp-rest/tools/list",
    "/key/generate", "/key/info", "/user/new", "/team/new", "/customer/new", "/organization/new",
    "/spend/logs", "/global/spend", "/config/update", "/config/yaml", "/get/config/callbacks",
    "/model/new", "/model/delete", "/credentials", "/cache/ping", "/health", "/metrics",
    "/vertex_ai/x", "/anthropic/v1/messages", "/openai/v1/models", "/v1/files", "/v1/batches",
)  # fmt: skip
"""What LiteLLM's proxy would offer besides models."""
WITHOUT_PATCHES = ("/docs", "/redoc")
"""Switched off by settings alone. Of the UI only a page is left that says that it is off."""
OFF = {
    "LITELLM_TELEMETRY": "False",
    "DISABLE_ADMIN_UI": "True",
    "NO_DOCS": "True",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
}
LIST = """
import json
from freerouter.process import patches
patches.before_import()
from litellm.proxy.proxy_server import app
def paths(routes):
    for route in routes:
        if getattr(route, "path", None):
            yield route.path
        inner = getattr(route, "router", None) or getattr(route, "original_router", None)
        yield from paths(getattr(inner, "routes", None) or ())
print(json.dumps(sorted(set(paths(app.routes)))))
"""


def status_of(port: int, path: str, key: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize(("patches", "hidden"), [("on", HIDDEN), ("off", WITHOUT_PATCHES)])
def test_what_is_not_of_models_is_not_there_even_with_the_key(
    gateway: World,
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
    patches: str,
    hidden: tuple[str, ...],
) -> None:
    monkeypatch.setenv("FREEROUTER_ENGINE_PATCHES", patches)
    monkeypatch.setenv("LITELLM_TELEMETRY", "True")  # the user's own would be louder
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:9/none")
    gateway.cli("fetch")
    assert gateway.cli("start").code == 0
    key = gateway.cli("keys", "show", "master").out.strip()
    assert status_of(free_port, "/v1/models", key) == 200
    found = {path: status_of(free_port, path, key) for path in hidden}
    assert {path: status for path, status in found.items() if status not in (404, 405)} == {}

    record = read_state(str(gateway.workspace / "state" / "gateway.json"))
    assert record is not None
    raw = Path(f"/proc/{record['pid']}/environ").read_bytes().decode()
    environ = dict(line.split("=", 1) for line in raw.split("\0") if "=" in line)
    assert {name: environ.get(name) for name in OFF} == OFF
    assert "DATABASE_URL" not in environ
    assert "telemetry: false" in (gateway.workspace / "config.yaml").read_text()


def test_every_route_that_is_registered_is_one_of_those_that_are_meant(world: World) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIST],
        env={**os.environ, **OFF},
        capture_output=True,
        text=True,
        cwd=world.cwd,
        check=True,
    )
    paths = json.loads(done.stdout.splitlines()[-1])
    assert "/v1/chat/completions" in paths
    bad = (
        "/key",
        "/team",
        "/user",
        "/mcp",
        "/ui",
        "/sso",
        "/spend",
        "/config",
        "/budget",
        "/model/new",
    )
    assert [path for path in paths if path.startswith(bad)] == []
