//! What can be asked of businesses.

use crate::jid::Jid;

/// See [`Op::GetBusinessProfile`](super::Op::GetBusinessProfile). Answers `None` where the account is no business.
#[derive(Clone, Debug)]
pub struct GetBusinessProfile {
    /// Whose.
    pub person: Jid,
}

/// See [`Op::ListProducts`](super::Op::ListProducts).
#[derive(Clone, Debug)]
pub struct ListProducts {
    /// Whose.
    pub owner: Jid,
    /// How many at most.
    pub limit: u32,
    /// Where the last page ended.
    pub after: Option<String>,
}
