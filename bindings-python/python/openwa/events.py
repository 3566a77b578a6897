"""What happens: one class for each kind of event, and :class:`UnknownEvent` for those of later versions."""

from ._generated.events import *  # noqa: F403
from ._generated.events import __all__ as __all__
