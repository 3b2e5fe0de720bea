"""What a key is worth: only the provider's own word counts, and doubt is called doubt."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from fakes import (
    FakeServer,
    Reply,
    completion,
    ollama,
    openai_list,
    openrouter,
    openrouter_row,
)

from freerouter.config.providers_file import Entry
from freerouter.providers.account import Account
from freerouter.providers.catalogue import Catalogue
from freerouter.providers.keys import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("world")  # no proxy of this machine

KEY = "sk-canary-000000"


def verdict(type_: str, base: str, key: str = KEY, timeout: float = 5) -> Verdict:
    account = Account(Catalogue().get(type_), Entry(type=type_, name=type_), base, key, "KEY")
    return judge(account, date(2026, 9, 1), timeout)


def modelscope(server: FakeServer, chat: Reply) -> str:
    """ModelScope lists its models to anybody; only a chat tells what a key is worth."""
    server.replies["/v1/models"] = openai_list("Qwen/Qwen3", "Other/Model")
    server.replies["/v1/chat/completions"] = chat
    return f"{server.url}/v1"


def test_openrouters_own_check_accepts_a_key(server: FakeServer) -> None:
    openrouter(server, KEY)
    assert verdict("openrouter", f"{server.url}/api/v1") == Verdict(
        "works", "OpenRouter: key works, 3 models, 2 of them free", models=3, free=2
    )
    assert [s.path for s in server.seen] == ["/api/v1/key", "/api/v1/models"]


@pytest.mark.parametrize(
    ("prices", "told"),
    [
        (["0", "0"], "2 models"),
        (["0", "-1"], "2 models"),
        (["0", "1"], "2 models, 1 of them free"),
        (["1"], "1 model, none of them free"),
    ],
)
def test_how_many_are_free_is_told_where_others_are_known_to_cost(
    server: FakeServer, prices: list[str], told: str
) -> None:
    openrouter(server)
    rows = [openrouter_row(f"m/{n}:free", price=price) for n, price in enumerate(prices)]
    server.replies["/api/v1/models"] = Reply({"data": rows})
    found = verdict("openrouter", f"{server.url}/api/v1")
    assert found.message == f"OpenRouter: key works, {told}"
    assert (found.models, found.free) == (len(prices), prices.count("0"))


def test_a_public_list_does_not_make_a_wrong_key_right(server: FakeServer) -> None:
    openrouter(server, "another")
    assert verdict("openrouter", f"{server.url}/api/v1") == Verdict(
        "refused",
        'OpenRouter refused this key (401). It says: "Incorrect API key".',
        "Keys are made at https://openrouter.ai/settings/keys",
    )


@pytest.mark.parametrize(
    ("reply", "state", "message"),
    [
        (Reply({}, status=402), "no_quota", "OpenRouter wants payment first (402)."),
        (Reply({}, status=429), "unknown", "OpenRouter says too many requests (429)."),
        (Reply({}, status=500), "unknown", "OpenRouter is failing (500)."),
        (
            Reply({}, status=404),
            "unknown",
            "OpenRouter does not have what tells a key's worth.",
        ),
    ],
)
def test_doubt_is_not_called_a_bad_key(
    server: FakeServer, reply: Reply, state: str, message: str
) -> None:
    openrouter(server)
    server.replies["/api/v1/key"] = reply
    found = verdict("openrouter", f"{server.url}/api/v1")
    assert (found.state, found.message) == (state, message)


def test_a_check_that_hangs_is_doubt(server: FakeServer) -> None:
    openrouter(server)
    server.replies["/api/v1/key"] = Reply({}, delay=60)
    assert verdict("openrouter", f"{server.url}/api/v1", timeout=0.2) == Verdict(
        "unknown",
        "OpenRouter did not answer within 0.2 s.",
        "Try again, or raise --timeout.",
    )


def test_modelscope_is_asked_for_one_token(server: FakeServer) -> None:
    base = modelscope(server, Reply(completion("x"), keys=(KEY,)))
    assert verdict("modelscope", base).state == "works"
    (chat,) = [s for s in server.seen if s.method == "POST"]
    assert chat.body == {
        "model": "Qwen/Qwen3",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 1,
    }


def test_modelscopes_list_alone_does_not_accept_a_key(server: FakeServer) -> None:
    base = modelscope(server, Reply(completion("x"), keys=("another",)))
    found = verdict("modelscope", base)
    assert found.state == "refused"
    assert found.message == 'ModelScope refused this key (401). It says: "Incorrect API key".'


def test_an_account_that_is_not_bound_has_the_right_key(server: FakeServer) -> None:
    said = {"errors": {}, "message": "Please bind your Alibaba Cloud account before use."}
    base = modelscope(server, Reply(said, status=401))
    assert verdict("modelscope", base) == Verdict(
        "no_quota",
        "ModelScope: the key is right, but the account is not ready. "
        'It says: "Please bind your Alibaba Cloud account before use".',
        "Bind an Alibaba Cloud account at https://modelscope.cn/my/accountsettings, "
        "then try again.",
    )


def test_modelscope_without_a_list_is_doubt(server: FakeServer) -> None:
    found = verdict("modelscope", f"{server.url}/v1")
    assert found.state == "unknown"


def test_iflows_434_is_a_refused_key(server: FakeServer) -> None:
    server.replies["/v1/models"] = Reply({"status": "434", "msg": "Invalid apiKey"})
    found = verdict("iflow", f"{server.url}/v1")
    assert found.state == "refused"
    assert found.message == 'iFlow refused this key. It says: "Invalid apiKey".'


def test_a_keyless_server_answers(server: FakeServer) -> None:
    ollama(server)
    assert verdict("ollama", server.url, key="") == Verdict(
        "works", "Ollama: answers, 1 model", models=1, free=1
    )


def test_the_demo_always_answers() -> None:
    assert verdict("demo", "", key="") == Verdict("works", "Demo: answers")


def test_models_that_are_only_named_are_not_said_to_work() -> None:
    assert verdict("static", "http://127.0.0.1:9/v1") == Verdict(
        "unknown",
        "Models you name yourself: there is no list to ask for, so nothing was checked.",
        "`freerouter ask` shows whether it answers.",
    )


# What each provider says in its own way


GEMINI = {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}
GEMINI_BAD = {"error": {**GEMINI["error"], "details": [{"reason": "API_KEY_INVALID"}]}}
GEMINI_REGION = {"error": {"message": "User location is not supported for the API use."}}
XAI_BAD = {"code": "Client specified an invalid argument", "error": "Incorrect API key provided"}
UNSUPPORTED = {"error": {"code": "unsupported_country_region_territory", "message": "Not here."}}
BALANCE = {"is_available": False, "balance_infos": []}


@pytest.mark.parametrize(
    ("name", "path", "reply", "state"),
    [
        ("openai", "/models", Reply({"error": {"code": "invalid_api_key"}}, status=401), "refused"),
        ("openai", "/models", Reply(UNSUPPORTED, status=403), "region"),
        ("openai", "/models", Reply({"error": {"code": "insufficient_quota"}}, 429), "no_quota"),
        (
            "anthropic",
            "/models",
            Reply({"error": {"type": "authentication_error"}}, 401),
            "refused",
        ),
        ("gemini", "/models", Reply(GEMINI_BAD, status=400), "refused"),
        ("gemini", "/models", Reply(GEMINI, status=400), "unknown"),
        ("gemini", "/models", Reply(GEMINI_REGION, status=400), "region"),
        ("xai", "/api-key", Reply(XAI_BAD, status=400), "refused"),
        ("xai", "/api-key", Reply({"api_key_disabled": True}), "refused"),
        ("xai", "/api-key", Reply({"team_blocked": True}), "no_quota"),
        ("mistral", "/models", Reply({"detail": "Unauthorized"}, status=401), "refused"),
        ("cohere", "/v1/models", Reply({"message": "invalid api token"}, status=401), "refused"),
        ("deepseek", "/user/balance", Reply(BALANCE), "no_quota"),
        ("deepseek", "/user/balance", Reply({}, status=401), "refused"),
        ("bedrock", "/foundation-models", Reply({"Message": "no token"}, status=403), "refused"),
        ("azure", "/openai/deployments", Reply({}, status=401), "refused"),
        ("iflow", "/models", Reply({"status": "434", "msg": "bad"}), "refused"),
        ("zai", "/models", Reply({"error": {"message": "Insufficient balance"}}, 429), "no_quota"),
        ("pollinations", "/account/key", Reply({}, status=402), "no_quota"),
        ("chutes", "/models", Reply({}, status=402), "no_quota"),
        ("groq", "/models", Reply({"error": {"message": "Access denied."}}, 451), "region"),
        ("groq", "/models", Reply(b"<html>blocked</html>", status=403), "unknown"),
        ("groq", "/models", Reply({}, status=429), "unknown"),
        ("groq", "/models", Reply({}, status=500), "unknown"),
        ("huggingface", "/api/whoami-v2", Reply({"error": "Invalid username"}, 401), "refused"),
        ("nvidia_nim", "/v3/keys/get-caller-info", Reply({}, status=401), "refused"),
    ],
)
def test_what_a_provider_says_of_a_key_is_told_apart(
    server: FakeServer, name: str, path: str, reply: Reply, state: str
) -> None:
    server.replies[path] = reply
    record = Catalogue().get(name)
    # As a user's own record of the address would have it: nothing is asked of the internet.
    check = {**record.check}
    if "url" in check:
        check = {**check, "path": path}
        del check["url"]
    record = record._replace(base_url=server.url, regions={}, check=check)
    account = Account(record, Entry(type=name, name=name), server.url, KEY, "KEY")
    account = account._replace(base_url=f"{server.url}/v1") if name == "pollinations" else account
    assert judge(account, date(2026, 9, 1), 5).state == state


def test_a_key_for_the_other_region_is_told(serve: Callable[[], FakeServer]) -> None:
    here, there = serve(), serve()
    here.replies["/v1/models"] = Reply({}, status=401)
    there.replies["/v1/models"] = Reply(openai_list("kimi").body, keys=(KEY,))
    record = Catalogue().get("moonshot")
    record = record._replace(regions={"intl": f"{here.url}/v1", "cn": f"{there.url}/v1"})
    account = Account(record, Entry("moonshot", "moonshot"), f"{here.url}/v1", KEY, "KEY")
    assert judge(account, date(2026, 9, 1), 5) == Verdict(
        "region",
        "Moonshot: the key is right, but for the region cn.",
        "`providers add moonshot --at cn` goes there.",
    )
    there.replies["/v1/models"] = openai_list("kimi")  # to anybody: that proves nothing
    assert judge(account, date(2026, 9, 1), 5).state == "refused"


def test_a_user_token_and_an_account_token_are_both_taken_at_cloudflare(
    server: FakeServer,
) -> None:
    base = "/client/v4/accounts/me/ai/v1"
    row = {"name": "@cf/a/b", "task": {"name": "Text Generation"}}
    server.replies["/client/v4/accounts/me/ai/models/search"] = Reply({"result": [row]})
    server.replies["/client/v4/user/tokens/verify"] = Reply({}, status=401)
    server.replies["/client/v4/accounts/me/tokens/verify"] = Reply({"success": True})
    assert verdict("cloudflare", f"{server.url}{base}").state == "works"
    server.replies["/client/v4/accounts/me/tokens/verify"] = Reply({}, status=401)
    assert verdict("cloudflare", f"{server.url}{base}").state == "refused"


def test_a_key_is_not_taken_to_another_host_than_the_records_own(server: FakeServer) -> None:
    server.replies["/v1/models"] = Reply({"data": []})
    entry = Entry("huggingface", "huggingface", api_base=f"{server.url}/v1")
    account = Account(Catalogue().get("huggingface"), entry, f"{server.url}/v1", KEY, "KEY")
    assert judge(account, date(2026, 9, 1), 5).state == "unknown"
    assert [seen.path for seen in server.seen] == ["/v1/api/whoami-v2"]
