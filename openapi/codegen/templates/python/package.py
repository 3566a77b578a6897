{{ generated("#") }}
"""What follows from the document of the API."""
