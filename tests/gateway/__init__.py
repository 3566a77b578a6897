"""For tests that are scripts: a gateway on its sandbox network, phones, programs, and a count.

`gateway` starts the real program in a folder of its own, `phone` is what people do on their phones,
`program` runs what is under test and waits for what it says, `checks` counts. Nothing here needs more than
Python 3.9. What is waited for is an event or a line of output; a limit is only ever reached by a failure.
"""
