//! What the account shows of itself.

use openwa_model::{
    content::MessageKind,
    id::SessionId,
    ops::{Op, SetProfileName, SetProfilePicture, SetProfileStatus},
};

use super::{Gateway, Result};
use crate::media_source::{Described, MediaSource};

/// The largest picture that is taken, in bytes; WhatsApp shows 640 by 640 points of it.
const LARGEST_PICTURE: u64 = 16 * 1024 * 1024;

impl Gateway {
    /// Changes the name this account shows.
    pub async fn set_profile_name(&self, session: SessionId, name: &str) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::SetProfileName)?;
        Ok(running.call(SetProfileName { name: name.to_owned() }, self.settings().call_timeout).await?)
    }

    /// Changes the line about this account.
    pub async fn set_profile_status(&self, session: SessionId, status: &str) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::SetProfileStatus)?;
        Ok(running.call(SetProfileStatus { status: status.to_owned() }, self.settings().call_timeout).await?)
    }

    /// Changes the picture of this account.
    pub async fn set_profile_picture(
        &self,
        session: SessionId,
        source: MediaSource,
        mimetype: Option<String>,
    ) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::SetProfilePicture)?;
        self.detached(async move {
            let described = Described { kind: MessageKind::Image, mimetype, filename: None };
            let max_bytes = this.settings().media_max_bytes.min(LARGEST_PICTURE);
            let picture = this.take_in(source, described, max_bytes).await?;
            let operation = SetProfilePicture { picture: Some(picture.clone()) };
            let done = running.call(operation, this.settings().call_timeout).await;
            // The picture is WhatsApp's now.
            this.remove_file(Some(picture)).await;
            Ok(done?)
        })
        .await
    }

    /// Takes the picture of this account away.
    pub async fn delete_profile_picture(&self, session: SessionId) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::SetProfilePicture)?;
        Ok(running.call(SetProfilePicture { picture: None }, self.settings().call_timeout).await?)
    }
}
