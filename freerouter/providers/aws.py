"""Amazon's way of signing a request, for accounts that have an access key and no bearer token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freerouter.errors import NotConfiguredError

if TYPE_CHECKING:
    from freerouter.providers.account import Account

SERVICE = "bedrock"


def signed(account: Account, url: str) -> dict[str, str]:
    """The headers of a signed GET. Raises where what signs is not installed."""
    try:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
    except ImportError:
        raise NotConfiguredError(
            f"{account.label} needs botocore to sign its requests, which is not installed.",
            fix="`pip install 'freerouter[aws]'`, or use a bearer token: AWS_BEARER_TOKEN_BEDROCK.",
        ) from None
    given = {param.name: param.value for param in account.params}
    credentials = Credentials(
        given["aws_access_key_id"],
        given["aws_secret_access_key"],
        given.get("aws_session_token"),
    )
    request = AWSRequest(method="GET", url=url)
    SigV4Auth(credentials, SERVICE, given["aws_region_name"]).add_auth(request)
    return dict(request.headers.items())
