"""Prints what `openwa` of this interpreter has in public, as JSON. It runs with OpenWA's own SDK and with ours."""

import inspect
import json
from typing import Any, Dict, List

import openwa


def parameters(function: Any) -> List[List[str]]:
    """Names, kinds and defaults."""
    try:
        found = inspect.signature(function).parameters.values()
    except ValueError:
        # An exception without a constructor of its own.
        return []
    return [[it.name, it.kind.name, "" if it.default is it.empty else repr(it.default)] for it in found]


def members(owner: Any) -> Dict[str, Any]:
    """The public methods and properties."""
    names = [name for name in dir(owner) if not name.startswith("_")]
    found: Dict[str, Any] = {}
    for name in names:
        member = getattr(owner, name)
        # A class of exceptions has fields; those are compared by what is raised.
        if callable(member):
            found[name] = parameters(member)
    return found


def main() -> None:
    surface: Dict[str, Any] = {"names": sorted(openwa.__all__), "classes": {}, "functions": {}, "resources": {}}
    for name in openwa.__all__:
        value = getattr(openwa, name)
        if inspect.isclass(value):
            bases = [it.__name__ for it in value.__mro__[1:]]
            own = {} if issubclass(value, BaseException) else members(value)
            surface["classes"][name] = {"bases": bases, "takes": parameters(value), "members": own}
            if hasattr(value, "from_response"):
                surface["classes"][name]["members"] = {"from_response": parameters(value.from_response)}
        elif callable(value):
            surface["functions"][name] = parameters(value)
    client = openwa.OpenWAClient("http://127.0.0.1:9", "key")
    for name in dir(client):
        resource = getattr(client, name)
        if not name.startswith("_") and not callable(resource):
            surface["resources"][name] = {"class": type(resource).__name__, "methods": members(resource)}
    print(json.dumps(surface))


main()
