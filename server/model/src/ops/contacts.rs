//! What can be asked about people.

use crate::jid::Jid;

/// See [`super::Op::ListBlocked`].
#[derive(Clone, Debug)]
pub struct ListBlocked;

/// See [`super::Op::BlockContact`].
#[derive(Clone, Debug)]
pub struct BlockContact {
    /// Whom.
    pub id: Jid,
}

/// See [`super::Op::UnblockContact`].
#[derive(Clone, Debug)]
pub struct UnblockContact {
    /// Whom.
    pub id: Jid,
}

/// See [`super::Op::GetProfilePicture`]. Answers an address that is good for a while; nothing when there is no picture, or
/// it is not shown to this account.
#[derive(Clone, Debug)]
pub struct GetProfilePicture {
    /// Whose.
    pub id: Jid,
}

/// See [`super::Op::SaveContact`].
#[derive(Clone, Debug)]
pub struct SaveContact {
    /// The phone number.
    pub phone: Jid,
    /// The first name.
    pub first_name: String,
    /// The whole name.
    pub full_name: String,
}

/// See [`super::Op::DeleteContact`].
#[derive(Clone, Debug)]
pub struct DeleteContact {
    /// The phone number.
    pub phone: Jid,
}
