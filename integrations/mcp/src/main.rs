//! The gateway as an MCP server.
fn main() {}
