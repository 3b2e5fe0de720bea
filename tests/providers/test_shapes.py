"""Each provider's own shape of list, as it came over HTTP: pages, prices, and what is left out."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes import FakeServer, Reply

from freerouter.config.providers_file import Entry
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.discovery import Outcome, discover

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine

DAY = date(2026, 9, 1)
SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


def ask(name: str, base: str, options: Mapping[str, Any] | None = None) -> Outcome:
    entry = Entry(type=name, name=name, options=options or {})
    account = Account(Catalogue().get(name), entry, base, "sk-canary-000000", "KEY")
    (outcome,) = discover([account], DAY, 5)
    assert outcome.error is None, outcome.error
    return outcome


def listed(server: FakeServer, name: str, path: str, body: Any, base: str = "") -> Outcome:
    server.replies[path] = Reply(body)
    return ask(name, server.url + base)


def rows(outcome: Outcome) -> dict[str, tuple[int | None, str | None, str | None, str]]:
    return {m.id: (m.context, m.input_price, m.output_price, m.free) for m in outcome.models}


def test_nebius_tells_prices_where_it_is_asked_for_all(server: FakeServer) -> None:
    def model(name: str, modality: str, prompt: str, completion: str) -> dict[str, Any]:
        pricing = {"prompt": prompt, "completion": completion, "request": "0"}
        kind = {"modality": modality}
        return {"id": name, "context_length": 131072, "architecture": kind, "pricing": pricing}

    data = [
        model("zai-org/GLM-5", "text->text", "0.0000006", "0.0000022"),
        model("google/gemma-3-27b-it", "text+image->text", "0.0000001", "0.0000003"),
        model("a/new-way", "text+video->text", "0", "0"),
        model("Qwen/Embedding-8B", "text->embedding", "0.00000001", "0"),
        {"id": "a/bare-one"},
    ]
    outcome = listed(server, "nebius", "/v1/models?verbose=true", {"data": data}, "/v1")
    assert rows(outcome) == {
        "zai-org/GLM-5": (131072, "0.6", "2.2", "no"),
        "google/gemma-3-27b-it": (131072, "0.1", "0.3", "no"),
        "a/new-way": (131072, "0", "0", "unknown"),
        "a/bare-one": (None, None, None, "unknown"),
    }
    assert outcome.left_out == {"not for chat": 1}


def test_hyperbolic_tells_prices_in_dollars_a_million(server: FakeServer) -> None:
    def model(name: str, price: float | None, *, chat: bool = True) -> dict[str, Any]:
        able = {"supports_chat": chat, "supports_image_input": False, "supports_tools": chat}
        prices = {"input_price": price, "output_price": price}
        return {"id": name, "context_length": 131072 if chat else None, **able, **prices}

    data = [model("meta-llama/Llama-3.3-70B", 0.4), model("a/unpriced", None)]
    data += [model("a/painter", None, chat=False)]
    outcome = listed(server, "hyperbolic", "/v1/models", {"data": data}, "/v1")
    assert rows(outcome) == {
        "meta-llama/Llama-3.3-70B": (131072, "0.4", "0.4", "no"),
        "a/unpriced": (131072, None, None, "unknown"),
    }
    assert outcome.models[0].can == "tools -vision"
    assert outcome.left_out == {"not for chat": 1}


def test_hugging_faces_models_are_listed_by_each_provider_behind_them(server: FakeServer) -> None:
    def behind(name: str, **more: Any) -> dict[str, Any]:
        price = {"input": 0.1, "output": 0.4}
        return {
            "provider": name,
            "status": "live",
            "context_length": 1000,
            "pricing": price,
            **more,
        }

    data = [
        {
            "id": "Qwen/Qwen3",
            "architecture": {"output_modalities": ["text"]},
            "providers": [
                behind("novita", is_free=False),
                behind("free-one", is_free=True, pricing={"input": 0, "output": 0}),
                behind("broken", status="error"),
                behind("silent", pricing=None),
            ],
        },
        {"id": "a/none", "providers": []},
        {
            "id": "a/painter",
            "architecture": {"output_modalities": ["image"]},
            "providers": [behind("x")],
        },
    ]
    outcome = listed(server, "huggingface", "/v1/models", {"data": data}, "/v1")
    assert rows(outcome) == {
        "Qwen/Qwen3:novita": (1000, "0.1", "0.4", "no"),
        "Qwen/Qwen3:free-one": (1000, "0", "0", "quota"),
        "Qwen/Qwen3:silent": (1000, None, None, "unknown"),
    }
    assert outcome.left_out == {"inactive": 2, "not for chat": 1}


def test_a_price_of_zero_is_not_free_at_together(server: FakeServer) -> None:
    data = [
        {"id": "a", "type": "chat", "context_length": 0, "pricing": {"input": 0, "output": 0}},
        {
            "id": "b",
            "type": "language",
            "context_length": 8,
            "pricing": {"input": 0.2, "output": 1},
        },
        {"id": "c", "type": "chat"},
        {"id": "d", "type": "image", "pricing": {"base": 0.1}},
        {"id": "e", "type": "moderation"},
    ]
    outcome = listed(server, "together_ai", "/v1/models", data, "/v1")
    assert rows(outcome) == {
        "a": (None, "0", "0", "unknown"),
        "b": (8, "0.2", "1", "no"),
        "c": (None, None, None, "unknown"),
    }
    assert outcome.models[0].reason == "its price is zero, which does not make it free here"
    assert outcome.left_out == {"not for chat": 2}


def test_anthropics_pages_follow_the_last_id(server: FakeServer) -> None:
    first = {"id": "claude-a", "max_input_tokens": 200000, "max_tokens": 64000}
    server.replies["/v1/models?limit=1000"] = Reply(
        {"data": [first], "has_more": True, "last_id": "claude-a"}
    )
    server.replies["/v1/models?limit=1000&after_id=claude-a"] = Reply(
        {"data": [{"id": "claude-b"}], "has_more": False, "last_id": "claude-b"}
    )
    outcome = ask("anthropic", f"{server.url}/v1")
    assert [(m.id, m.context, m.output) for m in outcome.models] == [
        ("claude-a", 200000, 64000),
        ("claude-b", None, None),
    ]


def test_geminis_pages_follow_a_token_and_its_key_is_in_a_header(server: FakeServer) -> None:
    def model(name: str, *methods: str) -> dict[str, Any]:
        return {
            "name": f"models/{name}",
            "inputTokenLimit": 1048576,
            "supportedGenerationMethods": list(methods),
        }

    server.replies["/v1beta/models?pageSize=1000"] = Reply(
        {"models": [model("gemini-a", "generateContent")], "nextPageToken": "t/+="}
    )
    server.replies["/v1beta/models?pageSize=1000&pageToken=t%2F%2B%3D"] = Reply(
        {"models": [model("gemini-b-tts", "generateContent"), model("veo-3", "predict")]}
    )
    outcome = ask("gemini", f"{server.url}/v1beta")
    assert rows(outcome) == {"gemini-a": (1048576, None, None, "quota")}
    assert outcome.left_out == {"not for chat": 2}
    assert all(seen.key == "" and "key=" not in seen.path for seen in server.seen)


def test_coheres_pages_follow_a_token(server: FakeServer) -> None:
    first = {"name": "command-a", "endpoints": ["chat"], "context_length": 256000}
    old = {"name": "command-old", "endpoints": ["chat"], "is_deprecated": True}
    other = {"name": "embed-v4", "endpoints": ["embed"]}
    server.replies["/v1/models?page_size=1000"] = Reply(
        {"models": [first, old], "next_page_token": "abc"}
    )
    server.replies["/v1/models?page_size=1000&page_token=abc"] = Reply({"models": [other]})
    outcome = ask("cohere", server.url)
    assert [m.id for m in outcome.models] == ["command-a"]
    assert outcome.left_out == {"deprecated": 1, "not for chat": 1}


def test_cloudflares_pages_are_numbered_and_its_facts_are_properties(server: FakeServer) -> None:
    def model(name: str, task: str = "Text Generation", **properties: Any) -> dict[str, Any]:
        told = [{"property_id": key, "value": value} for key, value in properties.items()]
        return {"id": "uuid", "name": name, "task": {"name": task}, "properties": told}

    price = [
        {"unit": "per M input tokens", "price": 0.29, "currency": "USD"},
        {"unit": "per M output tokens", "price": 2.25, "currency": "USD"},
    ]
    path = "/client/v4/accounts/me/ai/models/search?per_page=100"
    info = {"total_pages": 2}
    server.replies[path] = Reply(
        {"result": [model("@cf/a/b", context_window="24000", price=price)], "result_info": info}
    )
    server.replies[f"{path}&page=2"] = Reply(
        {
            "result": [
                model("@cf/a/old", planned_deprecation_date="2026-08-01"),
                model("@cf/baai/bge-m3", "Text Embeddings"),
            ],
            "result_info": info,
        }
    )
    outcome = ask("cloudflare", f"{server.url}/client/v4/accounts/me/ai/v1")
    assert rows(outcome) == {"@cf/a/b": (24000, "0.29", "2.25", "quota")}
    assert outcome.left_out == {"deprecated": 1, "not for chat": 1}
    assert len(server.seen) == 2


def test_numbered_pages_end_where_a_page_is_empty_or_the_same_again(server: FakeServer) -> None:
    path = "/ai/models/search"
    row = {"name": "@cf/a/b", "task": {"name": "Text Generation"}}
    outcome = listed(server, "cloudflare", path, {"result": [row]}, "/ai/v1")
    assert [m.id for m in outcome.models] == ["@cf/a/b"]
    assert len(server.seen) == 2


def test_bedrocks_models_have_their_own_name_or_that_of_a_profile(server: FakeServer) -> None:
    def model(name: str, *how: str, status: str = "ACTIVE") -> dict[str, Any]:
        return {
            "modelId": name,
            "outputModalities": ["TEXT"],
            "inferenceTypesSupported": list(how),
            "modelLifecycle": {"status": status},
        }

    def profile(name: str, of: str, status: str = "ACTIVE") -> dict[str, Any]:
        arn = f"arn:aws:bedrock:us-east-1::foundation-model/{of}"
        return {"inferenceProfileId": name, "status": status, "models": [{"modelArn": arn}]}

    server.replies["/foundation-models"] = Reply(
        {
            "modelSummaries": [
                model("a.plain", "ON_DEMAND"),
                model("b.profiled", "INFERENCE_PROFILE"),
                model("c.old", "ON_DEMAND", status="LEGACY"),
                model("d.bought", "PROVISIONED"),
            ]
        }
    )
    path = "/inference-profiles?maxResults=1000"
    server.replies[path] = Reply(
        {"inferenceProfileSummaries": [profile("us.b.profiled", "b.profiled")], "nextToken": "n"}
    )
    server.replies[f"{path}&nextToken=n"] = Reply(
        {
            "inferenceProfileSummaries": [
                profile("eu.b.profiled", "b.profiled", "INACTIVE"),
                profile("us.gone", "gone"),
                {"inferenceProfileId": "us.odd", "models": []},
            ]
        }
    )
    outcome = ask("bedrock", server.url)
    assert [m.id for m in outcome.models] == ["a.plain", "us.b.profiled"]
    assert outcome.left_out == {"deprecated": 1, "inactive": 3}


def test_who_may_not_list_bedrocks_profiles_has_the_plain_models(server: FakeServer) -> None:
    row = {"modelId": "a", "outputModalities": ["TEXT"], "inferenceTypesSupported": ["ON_DEMAND"]}
    server.replies["/inference-profiles?maxResults=1000"] = Reply({"message": "no"}, status=403)
    outcome = listed(server, "bedrock", "/foundation-models", {"modelSummaries": [row]})
    assert [m.id for m in outcome.models] == ["a"]


def test_azure_has_deployments_and_they_are_told_by_their_model(server: FakeServer) -> None:
    data = [
        {"id": "mine", "model": "gpt-4o", "status": "succeeded"},
        {"id": "vectors", "model": "text-embedding-3-small", "status": "succeeded"},
        {"id": "late", "model": "gpt-4o", "status": "creating"},
    ]
    outcome = listed(server, "azure", "/openai/deployments", {"data": data})
    assert [m.id for m in outcome.models] == ["mine"]
    assert outcome.left_out == {"inactive": 1, "not for chat": 1}


@pytest.mark.parametrize(
    ("name", "path", "row", "price"),
    [
        (
            "novita",
            "/models",
            {"input_token_price_per_m": 2700, "output_token_price_per_m": 11},
            "0.27",
        ),
        ("xai", "/language-models", {"prompt_text_token_price": 30000}, "3"),
        ("chutes", "/models", {"pricing": {"prompt": 0.5, "completion": 1}}, "0.5"),
        ("chutes", "/models", {"price": {"input": {"usd": 0.3}, "output": {"usd": 1}}}, "0.3"),
        ("sambanova", "/models", {"pricing": {"prompt": "0.0000006"}}, "0.6"),
        ("vercel_ai_gateway", "/models", {"pricing": {"input": "0.00000015"}}, "0.15"),
        ("perplexity", "/v1/models", {"pricing": {"input": 2, "unit": "usd_per_1m_tokens"}}, "2"),
        ("perplexity", "/v1/models", {"pricing": {"input": 2, "unit": "eur_per_page"}}, None),
        ("kilo", "/models", {"pricing": {"prompt": "0.00000005"}}, "0.05"),
        ("kilo", "/models", {"pricing": {"prompt": "-1"}}, None),
    ],
)
def test_prices_are_dollars_for_a_million_tokens_whatever_the_lists_unit(
    server: FakeServer, name: str, path: str, row: dict[str, Any], price: str | None
) -> None:
    body = {"models": [{"id": "m", **row}], "data": [{"id": "m", **row}]}
    assert listed(server, name, path, body).models[0].input_price == price


@pytest.mark.parametrize(
    ("name", "row", "free", "reason"),
    [
        (
            "kilo",
            {"isFree": True, "pricing": {"prompt": "0", "completion": "0"}},
            "quota",
            "calls it",
        ),
        (
            "kilo",
            {"isFree": False, "pricing": {"prompt": "0", "completion": "0"}},
            "no",
            "not call",
        ),
        (
            "kilo",
            {"isFree": True, "pricing": {"prompt": "1", "completion": "0"}},
            "unknown",
            "names",
        ),
        ("kilo", {"isFree": False, "pricing": {"prompt": "-1"}}, "unknown", "router"),
        ("kilo", {"pricing": {"prompt": "1"}}, "no", "has a price"),
        ("kilo", {}, "unknown", "not known"),
        ("novita", {"input_token_price_per_m": 0, "output_token_price_per_m": 0}, "quota", "zero"),
        (
            "novita",
            {"input_token_price_per_m": 0, "output_token_price_per_m": 1},
            "no",
            "has a price",
        ),
        ("novita", {"input_token_price_per_m": 0}, "unknown", "not known"),
        ("chutes", {"pricing": {"prompt": 0, "completion": 0}}, "unknown", "without a balance"),
        ("zai", {}, "unknown", "only flash"),
        ("groq", {}, "quota", "free plan"),
        ("openai", {}, "no", "costs money"),
        ("siliconflow", {}, "unknown", "does not say which"),
    ],
)
def test_what_is_free_has_its_reason(
    server: FakeServer, name: str, row: dict[str, Any], free: str, reason: str
) -> None:
    (model,) = listed(server, name, "/models", {"data": [{"id": "m", **row}]}).models
    assert model.free == free
    assert reason in model.reason


def test_flash_models_are_free_at_zai_by_the_end_of_their_name(server: FakeServer) -> None:
    body = {"data": [{"id": "glm-4.7-flash"}, {"id": "glm-4.7-flashx"}, {"id": "cogview-4"}]}
    outcome = listed(server, "zai", "/models", body)
    assert {m.id: m.free for m in outcome.models} == {
        "glm-4.7-flash": "quota",
        "glm-4.7-flashx": "unknown",
    }


@pytest.mark.parametrize(
    ("name", "plan", "free"),
    [
        ("groq", "paid", "no"),
        ("groq", "free", "quota"),
        ("oai", "free", "yes"),
        ("oai", "", "unknown"),
        ("openai", "free", "yes"),
    ],
)
def test_what_the_user_says_of_the_account_counts(
    server: FakeServer, name: str, plan: str, free: str
) -> None:
    server.replies["/v1/models"] = Reply({"data": [{"id": "m"}]})
    assert ask(name, f"{server.url}/v1", {"plan": plan}).models[0].free == free


def test_an_ollama_model_that_runs_elsewhere_is_within_its_limits(server: FakeServer) -> None:
    body = {"models": [{"name": "big:cloud", "remote_host": "https://ollama.com"}, {"name": "own"}]}
    outcome = listed(server, "ollama", "/api/tags", body)
    assert {m.id: m.free for m in outcome.models} == {"big:cloud": "quota", "own": "yes"}


class Shower(FakeServer):
    """An Ollama that tells more of a model when it is asked for it."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__()
        self.told = told
        self.replies = _Shown(self)


class _Shown(dict[str, Reply]):
    def __init__(self, server: Shower) -> None:
        super().__init__()
        self._server = server

    def get(self, path: str, default: Any = None) -> Any:
        if path == "/api/tags":
            return Reply({"models": [{"name": name} for name in self._server.told]})
        told = self._server.told[self._server.seen[-1].body["model"]]
        return Reply(told) if isinstance(told, dict) else told


def test_an_ollama_is_asked_for_the_size_and_the_use_of_each_model() -> None:
    def model(kind: str, size: Any, *uses: str) -> dict[str, Any]:
        facts = {"general.architecture": kind, f"{kind}.context_length": size}
        return {"model_info": facts, "capabilities": list(uses)}

    server = Shower(
        {
            "a": model("llama", 131072, "completion", "tools"),
            "b": model("nomic-bert", 8192, "embedding"),
            "c": {"model_info": {}},
            "d": model("qwen3", "many", "completion"),
        }
    )
    try:
        outcome = ask("ollama", server.url)
    finally:
        server.close()
    assert {m.id: m.context for m in outcome.models} == {"a": 131072, "c": None, "d": None}
    assert outcome.left_out == {"not for chat": 1}
    assert [s.method for s in server.seen] == ["GET", "POST", "POST", "POST", "POST"]


def test_an_ollama_that_tells_no_more_is_asked_once(server: FakeServer) -> None:
    outcome = listed(server, "ollama", "/api/tags", {"models": [{"name": "a"}, {"name": "b"}]})
    assert [(m.id, m.context) for m in outcome.models] == [("a", None), ("b", None)]
    assert [seen.path for seen in server.seen] == ["/api/tags", "/api/show"]


def test_a_list_of_its_own_address_is_asked_there(server: FakeServer) -> None:
    server.replies["/elsewhere"] = Reply({"data": [{"id": "m"}]})
    outcome = ask("oai", server.url, {"models_url": f"{server.url}/elsewhere"})
    assert [m.id for m in outcome.models] == ["m"]
    assert [seen.path for seen in server.seen] == ["/elsewhere"]


@pytest.mark.parametrize(
    "first",
    [
        {"has_more": True, "last_id": "a"},
        {"next": "/v1/models?after=a"},
        {"links": {"next": "/v1/models?after=a"}},
    ],
)
def test_a_server_of_unknown_make_may_have_pages(server: FakeServer, first: Any) -> None:
    server.replies["/v1/models"] = Reply({"data": [{"id": "a"}], **first})
    server.replies["/v1/models?after=a"] = Reply({"data": [{"id": "b"}], "has_more": False})
    assert [m.id for m in ask("oai", f"{server.url}/v1").models] == ["a", "b"]


RECORDED = {
    # file: provider, where its list is below the server, path of the answer's rows
    "anthropic": ("anthropic", "/models", "data"),
    "bedrock_foundation_models": ("bedrock", "/foundation-models", "modelSummaries"),
    "cerebras_bare": ("cerebras", "/models", ""),
    "chutes": ("chutes", "/models", "data"),
    "cohere": ("cohere", "/v1/models", "models"),
    "gemini_page1": ("gemini", "/models", "models"),
    "groq_bom": ("groq", "/models", "data"),
    "kilo": ("kilo", "/models", "data"),
    "llamacpp": ("llamacpp", "/models", "data"),
    "mistral": ("mistral", "/models", "data"),
    "nvidia_nim": ("nvidia_nim", "/models", "data"),
    "ollama_tags": ("ollama", "/api/tags", "models"),
    "openai": ("openai", "/models", "data"),
    "openrouter": ("openrouter", "/models", "data"),
    "perplexity": ("perplexity", "/v1/models", "data"),
    "together": ("together_ai", "/models", ""),
}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded answers are not here")
class TestRecordedAnswers:
    """Answers of real providers; what is expected is counted here from the raw JSON."""

    @pytest.mark.parametrize("name", RECORDED)
    def test_every_row_is_a_model_or_left_out_for_a_reason(
        self, server: FakeServer, name: str
    ) -> None:
        provider, path, where = RECORDED[name]
        outcome, rows = self.recorded(server, name, provider, path, where)
        assert len(outcome.models) + sum(outcome.left_out.values()) == len(rows)
        assert len(outcome.models) > 0

    def test_together_by_type_and_price(self, server: FakeServer) -> None:
        outcome, rows = self.recorded(server, "together", *RECORDED["together"])
        chat = {r["id"]: r for r in rows if r["type"] in ("chat", "language", "code")}
        assert [m.id for m in outcome.models] == list(chat)
        assert not any(m.costs_nothing for m in outcome.models)
        for model in outcome.models:
            assert float(model.input_price or "nan") == chat[model.id]["pricing"]["input"]

    def test_mistral_by_capability(self, server: FakeServer) -> None:
        outcome, rows = self.recorded(server, "mistral", *RECORDED["mistral"])
        chat = [r["id"] for r in rows if r["capabilities"]["completion_chat"]]
        assert [m.id for m in outcome.models] == chat

    def test_cohere_by_endpoint(self, server: FakeServer) -> None:
        outcome, rows = self.recorded(server, "cohere", *RECORDED["cohere"])
        assert [m.id for m in outcome.models] == [
            r["name"] for r in rows if "chat" in r["endpoints"]
        ]

    def test_nvidia_counts_what_is_listed_twice(self, server: FakeServer) -> None:
        outcome, rows = self.recorded(server, "nvidia_nim", *RECORDED["nvidia_nim"])
        twice = [name for name, n in Counter(r["id"] for r in rows).items() if n > 1]
        assert outcome.left_out["listed twice"] == len(twice) == 2
        assert not any("embed" in m.id or "reward" in m.id for m in outcome.models)

    def test_kilo_by_its_flag(self, server: FakeServer) -> None:
        outcome, rows = self.recorded(server, "kilo", *RECORDED["kilo"])
        alive = [r for r in rows if (r.get("expiration_date") or "9999") >= DAY.isoformat()]
        assert [m.id for m in outcome.models] == [r["id"] for r in alive]
        free = {r["id"] for r in alive if r["isFree"]}
        assert {m.id for m in outcome.models if m.costs_nothing} == free
        routers = {r["id"] for r in alive if r["pricing"]["prompt"] == "-1"}
        assert {m.id for m in outcome.models if "router" in m.reason} == routers

    @pytest.mark.parametrize("name", ["openrouter", "kilo"])
    def test_prices_by_token_are_exact(self, server: FakeServer, name: str) -> None:
        outcome, rows = self.recorded(server, name, *RECORDED[name])
        told = {r["id"]: Decimal(r["pricing"]["prompt"]) * 1_000_000 for r in rows}
        wanted = {m.id: None if told[m.id] < 0 else told[m.id] for m in outcome.models}
        found = {m.id: m.input_price and Decimal(m.input_price) for m in outcome.models}
        assert found == wanted
        assert all(told[m.id] == 0 for m in outcome.models if m.costs_nothing)

    def test_bedrock_without_what_sorts_or_speaks(self, server: FakeServer) -> None:
        path = "/foundation-models"
        outcome, _ = self.recorded(
            server, "bedrock_foundation_models", "bedrock", path, "modelSummaries"
        )
        assert not [m.id for m in outcome.models if "rerank" in m.id or "sonic" in m.id]

    def test_perplexity_in_the_unit_that_its_rows_name(self, server: FakeServer) -> None:
        outcome, rows = self.recorded(server, "perplexity", *RECORDED["perplexity"])
        wanted = {r["id"]: str(r["pricing"]["input"]).removesuffix(".0") for r in rows}
        assert {m.id: m.input_price for m in outcome.models} == wanted

    def test_openai_without_what_is_not_for_chat(self, server: FakeServer) -> None:
        outcome, rows = self.recorded(server, "openai", *RECORDED["openai"])
        names = {m.id for m in outcome.models}
        assert {"gpt-4o", "o3", "gpt-5"} <= names
        other = ("embedding", "whisper", "tts", "dall-e", "image", "realtime", "moderation", "sora")
        assert not [name for name in names if any(word in name for word in other)]
        assert len(rows) > len(names) > 50

    @staticmethod
    def recorded(
        server: FakeServer, name: str, provider: str, path: str, where: str
    ) -> tuple[Outcome, list[Any]]:
        raw = (SAMPLES / f"{name}.json").read_bytes()
        data = json.loads(raw.decode("utf-8-sig"))
        rows = data[where] if where else data
        server.replies[path] = Reply(raw)
        if isinstance(data, dict) and any(k in data for k in ("next_page_token", "nextPageToken")):
            # Only the first page was recorded.
            turned = {k: v for k, v in data.items() if not k.lower().startswith("next")}
            server.replies[path] = Reply(turned)
        return ask(provider, server.url), rows
