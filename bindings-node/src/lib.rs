//! The native module under the Node package: few generic calls that return bytes.
