"""Credentials in requests: OAuth2 client credentials, basic authentication, and the signatures of AWS."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from gitsync.manifest.object import JsonObject
from gitsync.measurement.errors import MeasurementFailed
from gitsync.measurement.http import Request
from gitsync.measurement.values import AwsCredentials, Task


async def authentication_headers(task: Task, settings: JsonObject) -> dict[str, str]:
    """From `authentication` of a provider. Signatures are made per request, not here."""
    if oauth2 := settings.get("oauth2"):
        return {"Authorization": f"Bearer {await _token(task, oauth2)}"} if oauth2.get("tokenUrl") else {}
    if basic := settings.get("basicAuth") or settings.get("basic"):
        return {"Authorization": f"Basic {_basic(task, basic.get('username', ''), basic.get('password', ''))}"}
    return {}


def _basic(task: Task, username: str, password: str) -> str:
    task.hide(password)
    return task.hide(base64.b64encode(f"{username}:{password}".encode()).decode())


async def _token(task: Task, oauth2: JsonObject) -> str:
    """A new one for each measurement, so that nothing has to be remembered."""
    secret = task.hide(str(oauth2.get("clientSecret", "")))
    form = {"grant_type": "client_credentials"}
    if scopes := oauth2.get("scopes"):
        form["scope"] = " ".join(scopes)
    request = Request(
        "POST",
        str(oauth2["tokenUrl"]),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Basic {_basic(task, quote(str(oauth2.get('clientId', ''))), quote(secret))}",
        },
        urlencode(form).encode(),
    )
    response = await task.http.send(request)
    if not response.ok:
        raise MeasurementFailed(
            f"{response.host} gives no token: {response.status}", suggestion="check clientId, clientSecret and scopes"
        )
    answer = response.json()
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not token:
        raise MeasurementFailed(f"{response.host} gives no access_token", suggestion="check tokenUrl")
    return task.hide(str(token))


def signed(request: Request, credentials: AwsCredentials, *, service: str, region: str, now: datetime) -> Request:
    """The request with AWS Signature Version 4. Raises MeasurementFailed without credentials."""
    if not credentials.access_key or not credentials.secret_key:
        raise MeasurementFailed(
            "there are no AWS credentials", suggestion="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the runtime"
        )
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(request.url)
    headers = {**request.headers, "Host": parts.netloc, "X-Amz-Date": moment}
    if credentials.session_token:
        headers["X-Amz-Security-Token"] = credentials.session_token
    payload = hashlib.sha256(request.body or b"").hexdigest()
    names, canonical = _canonical_headers(headers)
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    lines = [
        request.method,
        quote(parts.path or "/", safe="/-_.~"),
        "&".join(f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in query),
        canonical,
        names,
        payload,
    ]
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = _signing_key(credentials.secret_key, moment[:8], region, service)
    signature = hmac.new(key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}".encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return Request(
        request.method, request.url, headers, request.body, request.timeout_seconds, request.verify, request.ca_cert
    )


def _canonical_headers(headers: Mapping[str, str]) -> tuple[str, str]:
    ordered = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    return ";".join(name for name, _ in ordered), "".join(f"{name}:{value}\n" for name, value in ordered)


def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
