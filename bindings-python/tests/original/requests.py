"""Calls every method of `OpenWAClient` with the same arguments; a server records what is asked.

Arguments: the base URL. Prints, as JSON, what each call brought.
"""

import inspect
import json
import sys
import warnings
from typing import Any, Dict, Tuple

from openwa import OpenWAApiError, OpenWAClient, OpenWAError, OpenWATimeoutError

VALUES: Dict[str, Any] = {
    "body": {"text": 'Gr\u00fc\u00dfe \U0001f600 "\\', "none": None, "list": [1, 2.5, True], "nested": {"a": False}},
    "query": {"limit": 5, "yes": True, "no": False, "none": None, "text": "a b&c=\u00fc+", "list": "a,b"},
    "params": {"q": "a b", "limit": 3},
    "participants": ["1@c.us", "2@c.us"],
    "ids": ["1@c.us", "2@c.us"],
    "idempotency_key": "key-1",
}


def value(name: str) -> Any:
    return VALUES.get(name, f"{name}@c.us:1+2 /?#%\u00fc")


def outcome(call: Any) -> Any:
    """What a call brings, or how it fails."""
    try:
        answer = call()
    except OpenWAApiError as error:
        return {
            "raised": type(error).__name__,
            "text": str(error),
            "status": error.status,
            "body": error.body,
            "error_kind": error.error_kind,
            "code": error.code,
            "retry_after_seconds": error.retry_after_seconds,
            "header": (error.headers or {}).get("x-kind"),
        }
    except OpenWATimeoutError as error:
        return {"raised": type(error).__name__, "text": str(error), "timeout": error.timeout}
    except OpenWAError as error:
        return {"raised": type(error).__name__, "text": str(error)}
    except ValueError:
        return {"raised": "ValueError"}
    if isinstance(answer, dict) and isinstance(answer.get("data"), bytes):
        answer = {**answer, "data": answer["data"].hex()}
    return answer


def arguments(method: Any, optional: bool) -> Tuple[list, Dict[str, Any]]:
    positional, named = [], {}
    for it in inspect.signature(method).parameters.values():
        if it.default is not it.empty and not optional:
            continue
        if it.kind is it.KEYWORD_ONLY:
            named[it.name] = value(it.name)
        else:
            positional.append(value(it.name))
    return positional, named


def main() -> None:
    base = sys.argv[1]
    outcomes: Dict[str, Any] = {}
    client = OpenWAClient(f"{base}/ok/", " key ", default_headers={"X-Tenant": "a", "x-api-key": "never"})
    for name in sorted(dir(client)):
        resource = getattr(client, name)
        if name.startswith("_") or callable(resource):
            continue
        for method_name in sorted(dir(resource)):
            method = getattr(resource, method_name)
            if method_name.startswith("_") or not callable(method):
                continue
            for optional in (True, False):
                positional, named = arguments(method, optional)
                label = f"{name}.{method_name}({'all' if optional else 'required'})"
                client.request("POST", "/label", body={"label": label})
                outcomes[label] = outcome(lambda: method(*positional, **named))
    client.request("POST", "/label", body={"label": "auth"})
    outcomes["auth"] = outcome(client.auth)
    client.request("POST", "/label", body={"label": "request"})
    outcomes["request"] = outcome(lambda: client.request("PATCH", "/api/x?a=1", query={"b": 2}, body=[1]))
    for bad in ("", ".", ".."):
        outcomes[f"id {bad!r}"] = outcome(lambda: client.sessions.get(bad))
    outcomes["key"] = outcome(lambda: client.messages.send_text("s", {}, idempotency_key="a b"))
    outcomes["path"] = outcome(lambda: client.request("GET", "http://127.0.0.1/x"))
    for answer in json.loads(sys.argv[2]):
        failing = OpenWAClient(f"{base}/{answer}", "key", timeout=0.3 if answer == "stall" else 30)
        outcomes[f"answer {answer}"] = outcome(lambda: failing.sessions.list({"limit": 1}))
        outcomes[f"send {answer}"] = outcome(lambda: failing.messages.send_text("s", {"text": "a"}))
    for options in ({"base_url": ""}, {"api_key": ""}, {"api_key": "a\nb"}, {"timeout": -1}, {"timeout": "x"}):
        made = {"base_url": "http://127.0.0.1:9", "api_key": "key", **options}
        outcomes[f"made with {options}"] = outcome(lambda: str(type(OpenWAClient(**made)).__name__))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for url in ("http://gateway.test", "https://gateway.test", "http://localhost:1", "http://[::1]:1"):
            OpenWAClient(url, "key")
    outcomes["warnings"] = [str(it.category.__name__) for it in warned]
    print(json.dumps(outcomes))


main()
