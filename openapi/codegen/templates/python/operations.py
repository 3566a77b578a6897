{{ generated("#") }}
# pyright: reportUnusedImport=false
"""The operations, as the native module takes them."""

from .._native import Operation

{% for it in operations %}
{{ it.constant }} = Operation({{ it.method }}, {{ it.template }}, {{ "True" if it.keyed else "False" }})
{% endfor %}
