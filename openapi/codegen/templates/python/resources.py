{{ generated("#") }}
# pyright: reportUnusedImport=false
{% set flavour = "Async" if is_async else "" %}
{% set def = "async def" if is_async else "def" %}
{% set await = "await " if is_async else "" %}
{% macro signature(positional, keywords, more) %}
        self,
{% for it in positional %}
        {{ it.name }}: {{ it.kind }}{{ it.default }},
{% endfor %}
{% if keywords or more %}
        *,
{% for it in keywords %}
        {{ it.name }}: {{ it.kind }}{{ it.default }},
{% endfor %}
{{ more -}}
{% endif %}
{% endmacro %}
{% if is_async %}
"""The resources and their methods, for event loops."""
{% else %}
"""The resources and their methods, for threads."""
{% endif %}

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, {{ "AsyncIterator" if is_async else "Iterator" }}, List, Mapping, Optional, Sequence, Union

from msgspec import UNSET, UnsetType

{% if is_async %}
from .._async_caller import AsyncCaller
from .._async_download import AsyncDownload
from .._async_events import AsyncEventStream
from .._bodies import encode as _encode
{% else %}
from .._bodies import encode as _encode
from .._caller import Caller
from .._download import Download
from .._events import EventStream
{% endif %}
from .._pages import {{ "by_cursor_async, by_offset_async" if is_async else "by_cursor, by_offset" }}
from .._uploads import File
from . import answers as _answers
from . import operations as _operations

if TYPE_CHECKING:
    from . import events as _events
    from . import types as _types

{% for resource in resources %}

class {{ flavour }}{{ resource.class }}:
{{ resource.description | docstring(4) }}

    __slots__ = ("_caller",)

    def __init__(self, caller: {{ flavour }}Caller) -> None:
        self._caller = caller
{% for it in resource.methods %}
{% set brings = {"json": it.answer.kind if it.answer else "", "empty": "None", "bytes": flavour ~ "Download", "events": flavour ~ "EventStream"}[it.brings] %}

    {{ "def" if it.brings == "events" else def }} {{ it.name }}(
{{ signature(it.positional, it.keywords, "") }}    ) -> {{ brings }}:
{{ it.docstring }}
{% if it.brings == "events" %}
        return self._caller.follow(_operations.{{ it.operation.constant }}, {{ it.arguments }}, {{ it.query or "None" }}, after)
{% elif it.brings == "bytes" %}
        return {{ await }}self._caller.download(_operations.{{ it.operation.constant }}, {{ it.arguments }}, {{ it.query or "None" }}, timeout)
{% else %}
{% if it.body and it.body.upload %}
        if file is not None:
            sent = {{ await }}self._caller.upload(
                _operations.{{ it.operation.constant }},
                {{ it.arguments }},
                {{ it.body.fields }},
                file,
                {{ "idempotency_key" if it.keyed else "None" }},
                timeout,
            )
            return _answers.{{ it.answer.constant }}(sent{{ ", " ~ it.status if it.status != 200 else "" }})
{% endif %}
        {{ "answer = " if it.brings == "json" else "" }}{{ await }}self._caller.call(
            _operations.{{ it.operation.constant }},
            {{ it.arguments }},
            {{ it.query or "None" }},
{% if it.body %}
            _encode({{ it.body.fields }}{% if it.body.nullable %}, {{ it.body.nullable }}{% endif %}),
{% else %}
            None,
{% endif %}
            {{ "idempotency_key" if it.keyed else "None" }},
            timeout,
        )
{% if it.brings == "json" %}
        return _answers.{{ it.answer.constant }}(answer{{ ", " ~ it.status if it.status != 200 else "" }})
{% endif %}
{% endif %}
{% if it.brings == "events" %}

    __call__ = {{ it.name }}
{% endif %}
{% if it.pages %}
{% set pages = it.pages %}

    def {{ pages.name }}(
{{ signature(it.positional, pages.keywords, "        page_size: int = " ~ pages.size ~ ",\n        timeout: Optional[float] = None,\n") }}    ) -> {{ "AsyncIterator" if is_async else "Iterator" }}[{{ pages.item }}]:
{{ pages.docstring }}

{% if pages.cursor %}
        {{ def }} page(at: {{ pages.cursor_kind }}) -> tuple[Sequence[{{ pages.item }}], {{ pages.cursor_kind }}]:
            page = {{ await }}self.{{ it.name }}({{ pages.call }}, {{ pages.cursor[0] }}=at, limit=page_size, timeout=timeout)
            return page{{ pages["items"] }}, page.{{ pages.cursor[1] }}

        return by_cursor{{ "_async" if is_async else "" }}(page, {{ pages.cursor[0] }})
{% else %}
        {{ def }} page(limit: int, offset: int) -> Sequence[{{ pages.item }}]:
            page = {{ await }}self.{{ it.name }}({{ pages.call }}{{ ", " if pages.call else "" }}limit=limit, offset=offset, timeout=timeout)
            return page{{ pages["items"] }}

        return by_offset{{ "_async" if is_async else "" }}(page, page_size)
{% endif %}
{% endif %}
{% endfor %}

{% endfor %}

class {{ flavour }}Resources:
    """Every resource of the gateway."""

    _caller: {{ flavour }}Caller
{% for resource in resources %}

    @cached_property
    def {{ resource.name }}(self) -> {{ flavour }}{{ resource.class }}:
{{ resource.description | docstring(8) }}
        return {{ flavour }}{{ resource.class }}(self._caller)
{% endfor %}
