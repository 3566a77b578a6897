//! What can be asked about the account itself.

use crate::{
    call::CallMedia,
    content::Media,
    jid::Jid,
    label::Label,
    privacy::{PrivacyCategory, PrivacyValue},
};

/// See [`super::Op::SetProfileName`].
#[derive(Clone, Debug)]
pub struct SetProfileName {
    /// The name.
    pub name: String,
}

/// See [`super::Op::SetProfileStatus`].
#[derive(Clone, Debug)]
pub struct SetProfileStatus {
    /// The line; "" takes it away.
    pub status: String,
}

/// See [`super::Op::SetProfilePicture`].
#[derive(Clone, Debug)]
pub struct SetProfilePicture {
    /// The picture, of which the middle is shown; `None` takes it away.
    pub picture: Option<Media>,
}

/// See [`super::Op::SetPresence`].
#[derive(Clone, Debug)]
pub struct SetPresence {
    /// Whether it is shown as on line.
    pub available: bool,
}

/// See [`super::Op::SubscribePresence`]. It holds until the link ends.
#[derive(Clone, Debug)]
pub struct SubscribePresence {
    /// Who.
    pub chat: Jid,
}

/// See [`super::Op::GetPrivacy`]. What WhatsApp does not tell is left out.
#[derive(Clone, Debug)]
pub struct GetPrivacy;

/// See [`super::Op::SetPrivacy`].
#[derive(Clone, Debug)]
pub struct SetPrivacy {
    /// What is set.
    pub category: PrivacyCategory,
    /// To what.
    pub value: PrivacyValue,
}

/// See [`super::Op::CheckLabels`].
#[derive(Clone, Debug)]
pub struct CheckLabels;

/// See [`super::Op::SaveLabel`].
#[derive(Clone, Debug)]
pub struct SaveLabel {
    /// The label, as it is to be.
    pub label: Label,
}

/// See [`super::Op::DeleteLabel`].
#[derive(Clone, Debug)]
pub struct DeleteLabel {
    /// Its id.
    pub id: String,
}

/// See [`super::Op::LabelChat`].
#[derive(Clone, Debug)]
pub struct LabelChat {
    /// The label's id.
    pub label: String,
    /// The chat.
    pub chat: Jid,
    /// Whether it carries the label.
    pub is_labeled: bool,
}

/// See [`super::Op::RejectCall`]. Answers the call that was rejected.
#[derive(Clone, Debug)]
pub struct RejectCall {
    /// Its id.
    pub id: String,
}

/// See [`super::Op::CreateCallLink`]. Answers the link.
#[derive(Clone, Debug)]
pub struct CreateCallLink {
    /// What it is for.
    pub media: CallMedia,
}
