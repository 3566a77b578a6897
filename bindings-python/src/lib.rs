//! The native module under the Python package: few generic calls that return bytes.
