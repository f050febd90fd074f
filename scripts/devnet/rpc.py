"""Calls to a server of the local network, past any proxy that the environment names."""

import json
import urllib.error
import urllib.request
from typing import Any

from .errors import RpcFailed


def post(url: str, *, body: bytes = b"", content_type: str = "", timeout: float = 10.0) -> bytes:
    """The answer's bytes to a POST, or RpcFailed with what the server said."""
    headers = {"Content-Type": content_type} if content_type else {}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=timeout) as response:
            return bytes(response.read())
    except urllib.error.HTTPError as refusal:
        detail = refusal.read(500).decode("utf-8", "replace").strip()
        raise RpcFailed(f"{url} answered {refusal.code}: {detail}") from refusal
    except OSError as fault:
        raise RpcFailed(f"{url} does not answer: {fault}; is it running?") from fault


def json_rpc(url: str, method: str, *params: Any, timeout: float = 10.0) -> Any:
    """The result of an Ethereum JSON-RPC method, or RpcFailed with the node's own message."""
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    body = json.dumps(question).encode()
    answer = post(url, body=body, content_type="application/json", timeout=timeout)
    try:
        fields = json.loads(answer)
    except ValueError as fault:
        raise RpcFailed(f"{url} answered {method} with something that is not JSON") from fault
    if "error" in fields:
        raise RpcFailed(f"{url} refused {method}: {fields['error'].get('message')}")
    return fields["result"]


def ipfs_rpc(api_url: str, command: str, *, timeout: float = 10.0) -> Any:
    """The JSON answer of an IPFS API command without a body, such as `id` or `version`."""
    answer = post(f"{api_url}/api/v0/{command}", timeout=timeout)
    try:
        return json.loads(answer)
    except ValueError as fault:
        raise RpcFailed(f"{api_url} answered {command} with something that is not JSON") from fault
