"""Chats as providers speak them: OpenAI's dialect, Ollama's, and those of the providers' own."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable

OLLAMA = "/api/chat"
OPENAI = "/chat/completions"
STREAMED = (":streamGenerateContent", "/converse-stream")
"""How the paths of a streamed answer end, where it is not the question that asks for it."""
_IN_PATH = re.compile(
    r".*/(?:models?|deployments)/([^/]+?)"
    r"(?::generateContent|:streamGenerateContent|/converse|/converse-stream)$"
)


class Chat(NamedTuple):
    """A question, and what is answered: `words` with the white space behind them."""

    model: str
    words: tuple[str, ...]
    asked: int
    cut_short: bool = False
    stream: bool = False

    @property
    def text(self) -> str:
        return "".join(self.words)

    @property
    def finish(self) -> str:
        return "length" if self.cut_short else "stop"


def read_chat(body: Any, answer: str) -> Chat | None:
    """The question in a request; None where it is none. A word stands for a token."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return None
    words = tuple(re.findall(r"\s*\S+\s*", answer))
    limit = body.get("max_tokens")
    kept = words[:limit] if isinstance(limit, int) and limit > 0 else words
    asked = sum(len(str(m.get("content", "")).split()) for m in messages if isinstance(m, dict))
    short = len(kept) < len(words)
    return Chat(str(body.get("model", "")), kept, asked, short, bool(body.get("stream")))


def completion(chat: Chat) -> dict[str, Any]:
    """The whole answer of an OpenAI-compatible server."""
    message = {"role": "assistant", "content": chat.text}
    choice = {"index": 0, "message": message, "finish_reason": chat.finish}
    told = {"service_tier": "default", "usage": _usage(chat)}
    return {**_head(chat, "chat.completion"), "choices": [choice], **told}


def events(chat: Chat) -> list[dict[str, Any]]:
    """The same answer as a stream: a word each, then why it ended and what it took."""
    head = _head(chat, "chat.completion.chunk")
    deltas: list[dict[str, Any]] = [
        {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}
        for word in chat.words
    ]
    last = {"index": 0, "delta": {}, "finish_reason": chat.finish}
    said = [{**head, "choices": [delta]} for delta in deltas]
    return [*said, {**head, "choices": [last], "usage": _usage(chat)}]


def _head(chat: Chat, kind: str) -> dict[str, Any]:
    made = int(time.time())
    return {"id": "chatcmpl-fake", "object": kind, "created": made, "model": chat.model}


def _usage(chat: Chat) -> dict[str, int]:
    said = len(chat.words)
    return {
        "prompt_tokens": chat.asked,
        "completion_tokens": said,
        "total_tokens": chat.asked + said,
    }


def ollama_lines(chat: Chat) -> list[dict[str, Any]]:
    """Ollama's own answer: a line of JSON for each word, or one for all of them."""
    made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    head = {"model": chat.model, "created_at": made}
    said = chat.words if chat.stream else ()
    lines = [{**head, "message": _said(word), "done": False} for word in said]
    last = {
        **head,
        "message": _said("" if chat.stream else chat.text),
        "done": True,
        "done_reason": chat.finish,
        "prompt_eval_count": chat.asked,
        "eval_count": len(chat.words),
    }
    return [*lines, last]


def _said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def dialect_of(path: str) -> str:
    """Which way of chatting a path stands for; "" for none."""
    if path.endswith(OPENAI):
        return "openai"
    if path.endswith(OLLAMA):
        return "ollama"
    return next((name for name, ending in _ENDINGS.items() if path.endswith(ending)), "")


def request_of(path: str, body: Any) -> Any:
    """The question in OpenAI's words, out of those of the path's dialect."""
    kind = dialect_of(path)
    if kind not in ("gemini", "bedrock") or not isinstance(body, dict):
        return body
    named = _IN_PATH.fullmatch(path)
    asked = body.get("contents" if kind == "gemini" else "messages")
    limits = body.get("generationConfig" if kind == "gemini" else "inferenceConfig")
    limit = (limits or {}).get("max_output_tokens" if kind == "gemini" else "maxTokens")
    model = unquote(named.group(1)) if named else ""
    messages = asked if isinstance(asked, list) else None
    stream = path.endswith(STREAMED)
    return {"model": model, "messages": messages, "max_tokens": limit, "stream": stream}


def native_of(dialect: str, chat: Chat) -> dict[str, Any]:
    """The whole answer in a dialect."""
    return _ANSWERS.get(dialect, completion)(chat)


def _anthropic(chat: Chat) -> dict[str, Any]:
    return {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": chat.model,
        "content": [{"type": "text", "text": chat.text}],
        "stop_reason": "max_tokens" if chat.cut_short else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": chat.asked, "output_tokens": len(chat.words)},
    }


def _gemini(chat: Chat) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": chat.text}]}
    reason = "MAX_TOKENS" if chat.cut_short else "STOP"
    said = len(chat.words)
    return {
        "candidates": [{"index": 0, "content": content, "finishReason": reason}],
        "modelVersion": chat.model,
        "usageMetadata": {
            "promptTokenCount": chat.asked,
            "candidatesTokenCount": said,
            "totalTokenCount": chat.asked + said,
        },
    }


def _cohere(chat: Chat) -> dict[str, Any]:
    tokens = {"input_tokens": chat.asked, "output_tokens": len(chat.words)}
    return {
        "id": "fake",
        "finish_reason": "MAX_TOKENS" if chat.cut_short else "COMPLETE",
        "message": {"role": "assistant", "content": [{"type": "text", "text": chat.text}]},
        "usage": {"billed_units": tokens, "tokens": tokens},
    }


def _bedrock(chat: Chat) -> dict[str, Any]:
    said = len(chat.words)
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": chat.text}]}},
        "stopReason": "max_tokens" if chat.cut_short else "end_turn",
        "usage": {
            "inputTokens": chat.asked,
            "outputTokens": said,
            "totalTokens": chat.asked + said,
        },
        "metrics": {"latencyMs": 1},
    }


_ENDINGS = {
    "anthropic": ("/v1/messages",),
    "gemini": (":generateContent", STREAMED[0]),
    "cohere": ("/v2/chat",),
    "bedrock": ("/converse", STREAMED[1]),
}
_ANSWERS: dict[str, Callable[[Chat], dict[str, Any]]] = {
    "anthropic": _anthropic,
    "gemini": _gemini,
    "cohere": _cohere,
    "bedrock": _bedrock,
}
