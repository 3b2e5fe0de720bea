"""What a request costs inside of LiteLLM and of the libraries that it sends it with."""

from __future__ import annotations

import asyncio
import importlib
import sys
from copy import deepcopy
from typing import Any

from freerouter.process.patches.target import Patch

ABSENT = ("prisma", "opentelemetry.sdk", "litellm.integrations.otel.logger")
"""Modules that LiteLLM tries to import at every request. The last needs the one before it."""
ONLY_BUILDS = frozenset({"openai", "openrouter", "modelscope", "ollama_chat"})
"""Providers for which `completion` only builds a request, and waits for nothing."""
CHATS = "openai.resources.chat.completions.completions"
CHAT_PARAMETERS = "openai.types.chat.completion_create_params"
MOST_KNOWN = 4096
"""How many models are kept in mind before all are forgotten."""


def remember_what_is_not_installed() -> None:
    for name in ABSENT:
        try:
            importlib.import_module(name)
        except ImportError:
            sys.modules[name] = None  # type: ignore[assignment] # the next import fails at once


def build_requests_without_a_thread() -> None:
    """Call what `acompletion` hands to an executor at once, where it only builds a request."""
    from litellm import main

    def only_builds(call: Any) -> bool:
        inner: Any = call.args[0] if getattr(call, "args", None) else None
        if getattr(inner, "func", None) is not main.completion:
            return False
        words = inner.keywords
        provider = words.get("custom_llm_provider") or words["model"].partition("/")[0]
        return provider in ONLY_BUILDS and words.get("mock_response") is None

    class Loop:
        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self._loop = loop

        def run_in_executor(self, executor: Any, call: Any) -> Any:
            if not only_builds(call):
                return self._loop.run_in_executor(executor, call)
            done = self._loop.create_future()
            try:
                done.set_result(call())
            except Exception as error:  # noqa: BLE001 - the one who waits for it gets it
                done.set_exception(error)
            return done

        def __getattr__(self, name: str) -> Any:
            return getattr(self._loop, name)

    class Asyncio:
        def get_event_loop(self) -> Any:
            return Loop(asyncio.get_event_loop())

        def __getattr__(self, name: str) -> Any:
            return getattr(asyncio, name)

    main.asyncio = Asyncio()


def send_plain_data_as_it_is() -> None:
    """Spare a chat that is JSON already the walk that turns dates and models into JSON.

    The module of chats takes the function over when it is imported, which may be much later.
    """
    import orjson
    from openai import _utils

    transform = _utils.async_maybe_transform
    plain = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
    plain |= orjson.OPT_PASSTHROUGH_SUBCLASS

    async def transform_what_is_not_plain(data: Any, expected: Any) -> Any:
        if getattr(expected, "__module__", "") != CHAT_PARAMETERS:
            return await transform(data, expected)
        given = {name: value for name, value in data.items() if _utils.is_given(value)}
        try:
            orjson.dumps(given, option=plain)
        except TypeError:
            return await transform(data, expected)
        return given

    _utils.async_maybe_transform = transform_what_is_not_plain
    chats: Any = sys.modules.get(CHATS)
    if chats:
        chats.async_maybe_transform = transform_what_is_not_plain


def look_for_cookies_where_some_are_set() -> None:
    from httpx._models import Cookies

    extract = Cookies.extract_cookies

    def extract_cookies(self: Any, response: Any) -> None:
        if "set-cookie" in response.headers:
            extract(self, response)

    Cookies.extract_cookies = extract_cookies  # type: ignore[method-assign]


def put_addresses_together_once() -> None:
    from openai._base_client import BaseClient

    prepare = BaseClient._prepare_url

    def _prepare_url(self: Any, url: str) -> Any:
        kept = self.__dict__.setdefault("_freerouter_urls", {})
        seen = kept.get(url)
        if seen is None or seen[0] is not self._base_url:
            seen = kept[url] = (self._base_url, prepare(self, url))
        return seen[1]

    BaseClient._prepare_url = _prepare_url


def count_usage_where_there_are_limits() -> None:
    """Skip the search for limits of a deployment that was found to have none and did not change."""
    from litellm import utils
    from litellm.router import Router

    count = Router._increment_deployment_usage
    unlimited: dict[tuple[str, str], tuple[Any, int]] = {}

    async def increment(self: Any, *, deployment_id: str, model_group: str, **rest: Any) -> Any:
        place = self.model_id_to_deployment_index_map.get(deployment_id)
        if place is None:
            return None
        row, prices = self.model_list[place], utils._model_cost_mutation_generation
        seen = unlimited.get((deployment_id, model_group))
        if seen is not None and seen[1] == prices and seen[0] == row:
            return None
        done = await count(self, deployment_id=deployment_id, model_group=model_group, **rest)
        if done is None and rest["rpm_increment"] > 0:
            unlimited[deployment_id, model_group] = (deepcopy(row), prices)
        return done

    Router._increment_deployment_usage = increment


def keep_what_is_known_of_a_model() -> None:
    from litellm import main, utils

    look_up = main.get_model_info_helper
    known: dict[tuple[str, str | None], tuple[int, Any]] = {}

    def get_model_info_helper(
        model: str, custom_llm_provider: str | None = None, **rest: Any
    ) -> Any:
        if rest:
            return look_up(model=model, custom_llm_provider=custom_llm_provider, **rest)
        question, prices = (model, custom_llm_provider), utils._model_cost_mutation_generation
        seen = known.get(question)
        if seen is None or seen[0] != prices:
            try:
                found: Any = look_up(model=model, custom_llm_provider=custom_llm_provider)
            except Exception as error:  # noqa: BLE001 - LiteLLM raises just that for an unknown one
                found = error
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[question] = seen = (prices, found)
        if isinstance(seen[1], Exception):
            raise seen[1].with_traceback(None)
        return dict(seen[1])

    main.get_model_info_helper = get_model_info_helper


def check_deployments_once() -> None:
    """Give out copies of a deployment that was built before, while its row is as it was.

    What is inside of a copy is shared: whoever asks for a deployment only reads it.
    """
    from litellm.router import Router

    build = Router.get_deployment
    built: dict[str, tuple[Any, Any]] = {}

    def get_deployment(self: Any, model_id: str) -> Any:
        place = self.model_id_to_deployment_index_map.get(model_id)
        row = None if place is None else self.model_list[place]
        if not isinstance(row, dict):
            return build(self, model_id)
        seen = built.get(model_id)
        if seen is None or seen[0] != row:
            seen = built[model_id] = (deepcopy(row), build(self, model_id))
        return seen[1].model_copy()

    Router.get_deployment = get_deployment


def leave_free_requests_undiagnosed() -> None:
    from litellm.litellm_core_utils.litellm_logging import Logging

    Logging._record_zero_cost_diagnostic = lambda *_arguments, **_options: None


def look_settings_up_where_there_is_no_database() -> None:
    from litellm.proxy.config_resolvers.settings_store import SettingsStore

    resolve = SettingsStore.get

    def get(self: Any, key: str, default: Any = None) -> Any:
        if self._database_rows or key in self._deleted_runtime_keys:
            return resolve(self, key, default)
        runtime = self._runtime_values
        return runtime[key] if key in runtime else self._yaml_values.get(key, default)

    SettingsStore.get = get


def ask_for_disabled_callbacks_once() -> None:
    """Without a header that disables some, none is; what would be logged of it is not worded."""
    from litellm_enterprise.enterprise_callbacks.callback_controls import (
        EnterpriseCallbackControls as Controls,
    )

    decide = Controls.is_callback_disabled_dynamically

    def is_callback_disabled_dynamically(
        callback: Any, litellm_params: Any, standard_callback_dynamic_params: Any
    ) -> Any:
        named = Controls.get_disabled_callbacks(litellm_params, standard_callback_dynamic_params)
        if named is None:
            return False
        return decide(callback, litellm_params, standard_callback_dynamic_params)

    Controls.is_callback_disabled_dynamically = staticmethod(  # type: ignore[method-assign]
        is_callback_disabled_dynamically
    )


def take_the_address_that_is_given() -> None:
    """Spare the address of a request the check of all of its parameters."""
    from litellm.litellm_core_utils.llm_response_utils import response_metadata

    find = response_metadata.get_api_base

    def get_api_base(model: str, optional_params: Any) -> Any:
        given = optional_params.get("api_base") if isinstance(optional_params, dict) else None
        return given if isinstance(given, str) else find(model, optional_params)

    response_metadata.get_api_base = get_api_base


def tell_services_where_some_listen() -> None:
    import litellm
    from litellm._service_logger import ServiceLogging

    tell = ServiceLogging.async_service_success_hook

    async def async_service_success_hook(self: Any, *arguments: Any, **options: Any) -> None:
        if litellm.service_callback or self.mock_testing:
            await tell(self, *arguments, **options)

    ServiceLogging.async_service_success_hook = async_service_success_hook


def estimate_tokens_where_there_is_only_chat() -> None:
    from litellm.proxy import proxy_server as proxy

    choose = proxy._get_provider_token_counter

    def _get_provider_token_counter(deployment: Any, model_to_use: str) -> Any:
        params = (deployment or {}).get("litellm_params", {})
        if params.get("use_chat_completions_api"):
            return None, None, None
        return choose(deployment, model_to_use)

    proxy._get_provider_token_counter = _get_provider_token_counter


SETTINGS = "litellm.proxy.config_resolvers"
CONTROLS = "litellm_enterprise.enterprise_callbacks.callback_controls"
CALLBACKS = f"{CONTROLS}:EnterpriseCallbackControls"
LOGGING = "litellm.litellm_core_utils.litellm_logging"
PATCHES = (
    Patch("packages that are not installed stay so", {}, remember_what_is_not_installed),
    Patch(
        "requests are built without a thread",
        {"litellm.main:acompletion": "af0bf84e871c"},
        build_requests_without_a_thread,
    ),
    Patch(
        "plain data is sent as it is",
        {"openai._utils._transform:async_maybe_transform": "b9d0fa66ce18"},
        send_plain_data_as_it_is,
    ),
    Patch(
        "cookies are looked for where some are set",
        {"httpx._models:Cookies.extract_cookies": "ed8dc7a9b42d"},
        look_for_cookies_where_some_are_set,
    ),
    Patch(
        "addresses are put together once",
        {"openai._base_client:BaseClient._prepare_url": "aba8dd1b1567"},
        put_addresses_together_once,
    ),
    Patch(
        "usage is counted where there are limits",
        {
            "litellm.router:Router._increment_deployment_usage": "8e425a6823f0",
            "litellm.router:Router.get_router_model_info": "6fa5fbfa977d",
        },
        count_usage_where_there_are_limits,
    ),
    Patch(
        "what is known of a model is kept",
        {
            "litellm.main:responses_api_bridge_check": "c66c9308118f",
            "litellm.utils:get_model_info_helper": "6e208fdb8a9e",
        },
        keep_what_is_known_of_a_model,
    ),
    Patch(
        "a deployment is checked once",
        {"litellm.router:Router.get_deployment": "7c4af5e4db72"},
        check_deployments_once,
    ),
    Patch(
        "cost is not diagnosed where it is nothing",
        {f"{LOGGING}:Logging._record_zero_cost_diagnostic": "44d72a1a2414"},
        leave_free_requests_undiagnosed,
    ),
    Patch(
        "settings are looked up where there is no database",
        {
            f"{SETTINGS}.settings_store:SettingsStore.__getitem__": "7c228f3f93ca",
            f"{SETTINGS}.settings_store:SettingsStore._resolution_for": "cf82f6a817d6",
            f"{SETTINGS}.settings_rules:resolve": "a89a9118898d",
        },
        look_settings_up_where_there_is_no_database,
    ),
    Patch(
        "callbacks are disabled where a header says so",
        {
            f"{CALLBACKS}.is_callback_disabled_dynamically": "3a7b73cc5447",
            f"{CALLBACKS}.get_disabled_callbacks": "9d7474e79f0d",
        },
        ask_for_disabled_callbacks_once,
    ),
    Patch(
        "an address that is given is taken",
        {"litellm.litellm_core_utils.llm_response_utils.get_api_base:get_api_base": "7dc9b1c16893"},
        take_the_address_that_is_given,
    ),
    Patch(
        "services are told where some listen",
        {"litellm._service_logger:ServiceLogging.async_service_success_hook": "3c6fde163653"},
        tell_services_where_some_listen,
    ),
    Patch(
        "tokens are estimated where there is only chat",
        {
            "litellm.proxy.proxy_server:_get_provider_token_counter": "27e5ca42c8f9",
            "litellm.proxy.proxy_server:count_request_tokens": "0fc17da2d932",
        },
        estimate_tokens_where_there_is_only_chat,
    ),
)
