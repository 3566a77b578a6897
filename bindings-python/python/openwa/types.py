"""What the methods of the clients take and bring."""

from ._generated.types import *  # noqa: F403
from ._generated.types import __all__ as __all__
