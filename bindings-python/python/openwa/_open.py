"""What keeps values that this version does not know."""

from __future__ import annotations

from enum import Enum
from typing import Optional


class _Anything(type):
    def __instancecheck__(cls, value: object) -> bool:
        return True


class AnyEvent(metaclass=_Anything):
    """Stands where an event is, of a kind that is only known when it is read."""


class OpenEnum(str, Enum):
    """A word of the gateway. It equals the plain string; a word of a later gateway is kept as it is."""

    @classmethod
    def _missing_(cls, value: object) -> Optional[OpenEnum]:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    def __str__(self) -> str:
        return str(self.value)
