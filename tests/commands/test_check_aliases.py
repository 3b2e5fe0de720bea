"""`check` of models that are called through the gateway, where an alias has taken their name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fakes import FakeServer, Reply, completion, openai_list

if TYPE_CHECKING:
    from conftest import World

OFF = "auto: off, fast: off, smart: off, code: off"


def serve_m_by_an_alias(gateway: World, server: FakeServer, port: int, more: str = "") -> None:
    """`m` of static can be called through the gateway only, where `m` is an alias for lab/a."""
    server.replies["/v1/models"] = openai_list("a")
    server.replies["/v1/chat/completions"] = Reply(completion("x"))
    gateway.providers(
        f"gateway: {{port: {port}}}\nproviders:\n"
        f"  - {{type: oai, name: lab, api_base: '{server.url}/v1'}}\n"
        f"  - {{type: static, model_name: m, provider: openai, api_base: '{server.url}/v1'}}\n"
        f"aliases: {{m: [lab/a]{more}}}\n"
    )
    assert gateway.cli("fetch").code == 0
    assert gateway.cli("start").code == 0


def verdict(gateway: World) -> str:
    data = json.loads(gateway.cli("check", "static/m", "--json").out)
    return str(data["models"][0]["verdict"])


@pytest.mark.gateway
def test_it_is_called_as_the_member_of_an_alias(
    gateway: World, server: FakeServer, free_port: int
) -> None:
    serve_m_by_an_alias(gateway, server, free_port)
    assert verdict(gateway) == "works"
    asked = [one.body["model"] for one in server.seen if one.path.endswith("/completions")]
    assert asked == ["m"], "and not the member of the alias that has its name"


@pytest.mark.gateway
def test_where_no_alias_has_it_the_way_out_is_named(
    gateway: World, server: FakeServer, free_port: int
) -> None:
    serve_m_by_an_alias(gateway, server, free_port, f", {OFF}")
    ran = gateway.cli("check", "static/m")
    assert ran.code == 5
    assert "and there the alias m has taken its name." in ran.err
    assert "`freerouter alias rename m NEW` gives it back, then `freerouter reload`." in ran.err
    assert gateway.cli("alias", "rename", "m", "other").code == 0
    assert gateway.cli("reload").code == 0
    assert verdict(gateway) == "works"
