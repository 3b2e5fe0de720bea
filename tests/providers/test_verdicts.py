"""What a key is worth: only the provider's own word counts, and doubt is called doubt."""

from __future__ import annotations

from datetime import date

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
