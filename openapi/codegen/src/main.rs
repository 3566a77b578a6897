//! From the OpenAPI document to what every SDK and integration is made of.
mod ir;

fn main() {}
