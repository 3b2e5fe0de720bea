"""The gateway's own key is recognised at once: without a database there is nobody else to look for.
Any other one is refused in words that say so.

LiteLLM looks for teams, users, budgets and organisations of every key at every request, which all
live in a database. Where there is one, or a setting that those checks read, LiteLLM does it all.
"""

from __future__ import annotations

import functools
import hmac
from typing import TYPE_CHECKING, Any

from freerouter.process.patches.target import Patch, fresh_copy
from freerouter.usage.outcome import NO_DATABASE, UNKNOWN_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS = frozenset({"master_key", "disable_model_info_refresh", "trusted_proxy_ranges"})
"""Settings under `general_settings` that have no say in who may do what."""
ADMITTED = "freerouter_admitted"
UNAUTHORIZED = 401
HELP = "`freerouter keys show master` prints the one that it takes."
HEADERS = ("custom_litellm_key_header", "azure_api_key_header", "azure_apim_header")
"""Other places where a key may stand; one that does is LiteLLM's to judge."""


def admit_the_own_key() -> None:
    import litellm
    from litellm.proxy import proxy_server as proxy
    from litellm.proxy.auth import user_api_key_auth as auth

    identify, authorize = auth.user_api_key_auth_builder, auth._authorize_authenticated_request
    alias, admin = auth.LITELLM_PROXY_MASTER_KEY_ALIAS, auth.LitellmUserRoles.PROXY_ADMIN
    setup = auth.LiteLLMProxyRequestSetup
    owner = auth.UserAPIKeyAuth(api_key=alias, user_role=admin)
    owner.via_virtual_key = True

    plain: list[Any] = []

    def settings_are_plain() -> bool:
        """Asked once a file: without a database nothing else changes them."""
        loaded = proxy.general_settings._yaml_values
        if not plain or plain[0] is not loaded:
            plain[:] = loaded, proxy.general_settings.keys() <= SETTINGS
        return bool(plain[1])

    def nobody_else_decides() -> bool:
        return (
            proxy.prisma_client is None
            and proxy.user_custom_auth is None
            and proxy.open_telemetry_logger is None
            and not litellm.max_budget
            and not litellm.block_requests_for_models_without_pricing
            and settings_are_plain()
        )

    def is_own_key(given: Mapping[str, Any]) -> bool:
        bearer, plain = given["api_key"], given["anthropic_api_key_header"]
        master = proxy.master_key
        if not isinstance(master, str) or not master:
            return False
        key, expected = (bearer, f"Bearer {master}") if bearer else (plain, master)
        return isinstance(key, str) and hmac.compare_digest(key.encode(), expected.encode())

    async def identify_others(**given: Any) -> Any:
        try:
            return await identify(**given)
        except auth.ProxyException as error:
            if not error.message.startswith(NO_DATABASE):
                raise
            kind, code = "authentication_error", "invalid_api_key"
            raise auth.ProxyException(
                f"{UNKNOWN_KEY} {HELP}", kind, None, UNAUTHORIZED, openai_code=code
            ) from None

    async def identify_quickly(request: Any, request_data: Any, **given: Any) -> Any:
        if (
            any(given.get(name) for name in HEADERS)
            or not nobody_else_decides()
            or not is_own_key(given)
            or not isinstance(request_data, dict)
        ):
            return await identify_others(request=request, request_data=request_data, **given)
        route = auth.get_request_route(request=request)
        try:
            await auth.pre_db_read_auth_checks(
                request_data=request_data, request=request, route=route
            )
        except Exception:  # noqa: BLE001 - LiteLLM refuses it in its own words
            return await identify_others(request=request, request_data=request_data, **given)
        headers = auth.safe_get_request_headers(request)
        found = fresh_copy(owner)
        found.user_id = proxy.litellm_proxy_admin_name
        found.end_user_id = auth.get_end_user_id_from_request_body(request_data, headers)
        setattr(request.state, ADMITTED, True)
        return found

    async def authorize_quickly(
        user_api_key_auth_obj: Any, request: Any, request_data: Any, route: str, **rest: Any
    ) -> Any:
        if not getattr(request.state, ADMITTED, False):
            return await authorize(
                user_api_key_auth_obj=user_api_key_auth_obj,
                request=request,
                request_data=request_data,
                route=route,
                **rest,
            )
        key = user_api_key_auth_obj
        await auth._normalize_claude_model(request_data, key, request, route)
        await auth._resolve_router_settings_model_group_alias(request_data, key, request, route)
        setup.pre_seed_litellm_metadata_for_route(request_data=request_data, route=route)
        setup.apply_client_tag_policy_pre_auth(
            request=request, request_data=request_data, user_api_key_dict=key
        )
        return None

    auth.user_api_key_auth_builder = identify_quickly
    auth._authorize_authenticated_request = authorize_quickly


def let_the_own_key_pass_the_limits() -> None:
    from litellm.proxy import proxy_server as proxy
    from litellm.proxy.auth.user_api_key_auth import LITELLM_PROXY_MASTER_KEY_ALIAS, UserAPIKeyAuth
    from litellm.proxy.hooks import parallel_request_limiter_v3 as limiter

    kind = limiter._PROXY_MaxParallelRequestsHandler_v3
    before, after = kind.async_pre_call_hook, kind.async_log_success_event
    answered = kind.async_post_call_success_hook
    limits = [name for name in UserAPIKeyAuth.model_fields if "limit" in name or "parallel" in name]

    @functools.lru_cache(maxsize=2)
    def has_default_limits(_router: int, _count: int) -> bool:
        return any(
            name.startswith("default_api_key")
            for row in proxy.llm_router.model_list
            for name in row["litellm_params"]
        )

    def is_unlimited(key: Any) -> bool:
        router = proxy.llm_router
        return (
            key.api_key == LITELLM_PROXY_MASTER_KEY_ALIAS
            and proxy.prisma_client is None
            and router is not None
            and not any(getattr(key, name) for name in limits)
            and not has_default_limits(id(router), len(router.model_list))
        )

    async def async_pre_call_hook(
        self: Any, user_api_key_dict: Any, cache: Any, data: Any, call_type: str, **rest: Any
    ) -> Any:
        key = user_api_key_dict
        if is_unlimited(key):
            return None
        return await before(
            self,
            user_api_key_dict=key,
            cache=cache,
            data=data,
            call_type=call_type,
            **rest,
        )

    async def async_log_success_event(
        self: Any, kwargs: Any, response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        if limiter.get_request_stash_for_call(limiter._call_id_from_callback_kwargs(kwargs)):
            await after(self, kwargs, response_obj, start_time, end_time)

    async def async_post_call_success_hook(
        self: Any, data: Any, user_api_key_dict: Any, response: Any
    ) -> None:
        if limiter.get_request_stash() is not None or not is_unlimited(user_api_key_dict):
            await answered(self, data, user_api_key_dict, response)

    kind.async_post_call_success_hook = async_post_call_success_hook
    kind.async_pre_call_hook = async_pre_call_hook
    kind.async_log_success_event = async_log_success_event


AUTH = "litellm.proxy.auth"
LIMITER = "litellm.proxy.hooks.parallel_request_limiter_v3"
HANDLER = f"{LIMITER}:_PROXY_MaxParallelRequestsHandler_v3"
PATCHES = (
    Patch(
        "the gateway's own key is admitted at once",
        {
            f"{AUTH}.user_api_key_auth:user_api_key_auth": "bc760af60cfe",
            f"{AUTH}.user_api_key_auth:user_api_key_auth_builder": "07787bd11d84",
            f"{AUTH}.user_api_key_auth:_authorize_authenticated_request": "fb25fd8eb0d6",
            f"{AUTH}.user_api_key_auth:run_centralized_common_checks": "4d660f3d7b7c",
            f"{AUTH}.auth_checks:common_checks": "04b61541f4f3",
        },
        admit_the_own_key,
    ),
    Patch(
        "the own key passes the limiter",
        {
            f"{HANDLER}.async_pre_call_hook": "7d62efa3d8ae",
            f"{HANDLER}.async_post_call_success_hook": "47d03d03080a",
            f"{HANDLER}._build_request_rate_limit_descriptors": "f517365b089a",
            f"{HANDLER}.async_log_success_event": "396795eea6e1",
        },
        let_the_own_key_pass_the_limits,
    ),
)
