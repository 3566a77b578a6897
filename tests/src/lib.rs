//! The tests of the whole house are in `tests/it`: one binary, so that a further test costs no link.
//! What several suites share stands in `openwa-testkit`.
