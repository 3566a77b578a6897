//! Who may see what of the account, and reach it how.

/// What is set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PrivacyCategory {
    /// Who sees when the account was last on line.
    LastSeen,
    /// Who sees whether it is on line.
    Online,
    /// Who sees its picture.
    ProfilePicture,
    /// Who sees the line about it.
    About,
    /// Who may add it to groups.
    GroupAdd,
    /// Whether it tells others what it has read.
    ReadReceipts,
    /// Who may call it.
    CallAdd,
    /// Who may write to it.
    Messages,
}

impl PrivacyCategory {
    /// Every category.
    pub const ALL: [Self; 8] = [
        Self::LastSeen,
        Self::Online,
        Self::ProfilePicture,
        Self::About,
        Self::GroupAdd,
        Self::ReadReceipts,
        Self::CallAdd,
        Self::Messages,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LastSeen => "lastSeen",
            Self::Online => "online",
            Self::ProfilePicture => "profilePicture",
            Self::About => "about",
            Self::GroupAdd => "groupAdd",
            Self::ReadReceipts => "readReceipts",
            Self::CallAdd => "callAdd",
            Self::Messages => "messages",
        }
    }

    /// What it may be set to. Those who are excepted are chosen on the phone.
    pub const fn choices(self) -> &'static [PrivacyValue] {
        use PrivacyValue::{All, Contacts, Known, MatchLastSeen, None};
        match self {
            Self::LastSeen | Self::ProfilePicture | Self::About | Self::GroupAdd => &[All, Contacts, None],
            Self::Online => &[All, MatchLastSeen],
            Self::ReadReceipts => &[All, None],
            Self::CallAdd => &[All, Known],
            Self::Messages => &[All, Contacts],
        }
    }
}

/// What it is set to, in WhatsApp's words.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PrivacyValue {
    /// Everybody.
    All,
    /// Those in the address book.
    Contacts,
    /// Those in the address book but for some.
    ContactBlacklist,
    /// Nobody.
    None,
    /// Whoever sees when the account was last on line.
    MatchLastSeen,
    /// Whoever was written to before.
    Known,
}

impl PrivacyValue {
    /// Every value.
    pub const ALL: [Self; 6] =
        [Self::All, Self::Contacts, Self::ContactBlacklist, Self::None, Self::MatchLastSeen, Self::Known];

    /// WhatsApp's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Contacts => "contacts",
            Self::ContactBlacklist => "contact_blacklist",
            Self::None => "none",
            Self::MatchLastSeen => "match_last_seen",
            Self::Known => "known",
        }
    }

    /// The value of this word.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}
