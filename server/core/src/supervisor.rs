//! Being built.
use std::sync::Arc;

use crate::gateway::Context;

pub(crate) struct Supervisor {
    context: Arc<Context>,
}

impl Supervisor {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }
}
