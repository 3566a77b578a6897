"""Holds a value against the types that the SDK says its methods answer."""

import types
import typing


def fits(value, kind, place="the answer"):
    """Raises AssertionError where the value is not of this kind."""
    origin = typing.get_origin(kind)
    if kind is typing.Any:
        return
    if origin in (typing.Required, typing.NotRequired):
        fits(value, typing.get_args(kind)[0], place)
    elif typing.is_typeddict(kind):
        is_record(value, kind, place)
    elif origin in (typing.Union, types.UnionType):
        is_one_of(value, typing.get_args(kind), place)
    elif origin is typing.Literal:
        assert value in typing.get_args(kind), f"{place} is {value!r}, and not one of {typing.get_args(kind)}"
    elif origin is list or kind is list:
        assert isinstance(value, list), f"{place} is no list: {value!r}"
        for item in value:
            fits(item, (typing.get_args(kind) or (typing.Any,))[0], f"{place}[]")
    elif origin is dict or kind is dict:
        assert isinstance(value, dict), f"{place} is no object: {value!r}"
        for name, item in value.items():
            fits(item, (typing.get_args(kind) or (str, typing.Any))[1], f"{place}.{name}")
    elif kind in (None, type(None)):
        assert value is None, f"{place} is not nothing: {value!r}"
    elif kind is float:
        assert isinstance(value, (int, float)) and not isinstance(value, bool), f"{place} is no number: {value!r}"
    else:
        is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        assert is_right, f"{place} is no {kind.__name__}: {value!r}"


def is_record(value, kind, place):
    assert isinstance(value, dict), f"{place} is no object: {value!r}"
    hints = typing.get_type_hints(kind, include_extras=True)
    for name in kind.__required_keys__:
        # With annotations as text, a key that may be absent counts as required; its own type says better.
        if typing.get_origin(hints[name]) is not typing.NotRequired:
            assert name in value, f"{place}.{name} is missing"
    for name, item in value.items():
        if name in hints:
            fits(item, hints[name], f"{place}.{name}")


def is_one_of(value, kinds, place):
    for kind in kinds:
        try:
            return fits(value, kind, place)
        except AssertionError:
            continue
    raise AssertionError(f"{place} is none of {kinds}: {value!r}")


def answer_of(method):
    """What the SDK says that a method answers."""
    scope = vars(__import__(method.__module__, fromlist=["_"]))
    # `list` within a resource with a method of that name is that method.
    scope = {**scope, "list": list, "List": list}
    said = method.__annotations__.get("return", "typing.Any")
    return eval(said, {**scope, "typing": typing}) if isinstance(said, str) else said
