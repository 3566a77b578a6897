//! What the account shows of itself: its name, the line about it, its picture.

use openwa_core::Gateway;
use poem_openapi::{Object, OpenApi, param::Path};

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{AllChats, Caller, Operator},
    input::Body,
    sends::source_of,
    upload::WithFile,
    wire::{SessionPath, Success},
};

pub(crate) struct Profile(pub(crate) Gateway);

/// The name to show.
#[derive(Object)]
pub(crate) struct ProfileName {
    /// The name.
    #[oai(validator(min_length = 1, max_length = 25))]
    name: String,
}

/// The line to show.
#[derive(Object)]
pub(crate) struct ProfileStatus {
    /// The line about the account; "" takes it away.
    #[oai(validator(max_length = 139))]
    status: String,
}

/// The picture to show, by `url` or as `base64`.
#[derive(Object)]
pub(crate) struct ProfilePhoto {
    /// Where to fetch the picture from: `http` or `https`.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// The picture itself; needs `mimetype`.
    base64: Option<String>,
    /// Its MIME type.
    #[oai(validator(max_length = 255))]
    mimetype: Option<String>,
}

#[OpenApi]
impl Profile {
    /// Set the name this account shows
    #[oai(
        path = "/sessions/:sessionId/profile/name",
        method = "put",
        operation_id = "setProfileName",
        tag = "Tag::Profile"
    )]
    async fn set_name(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<ProfileName>,
    ) -> Answer<Shown<Success>> {
        self.0.set_profile_name(session.0.id()?, &body.value.name).await?;
        Ok(Shown(Success::DONE))
    }

    /// Set the line about this account
    #[oai(
        path = "/sessions/:sessionId/profile/status",
        method = "put",
        operation_id = "setProfileStatus",
        tag = "Tag::Profile"
    )]
    async fn set_status(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<ProfileStatus>,
    ) -> Answer<Shown<Success>> {
        self.0.set_profile_status(session.0.id()?, &body.value.status).await?;
        Ok(Shown(Success::DONE))
    }

    /// Set the picture of this account
    ///
    /// A JPEG, PNG or WebP of up to 16 MiB; its middle is shown, 640 by 640 points at most.
    #[oai(
        path = "/sessions/:sessionId/profile/picture",
        method = "put",
        operation_id = "setProfilePicture",
        tag = "Tag::Profile"
    )]
    async fn set_picture(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: WithFile<ProfilePhoto>,
    ) -> Answer<Shown<Success>> {
        let WithFile { body, file } = body;
        let ProfilePhoto { url, base64, mimetype } = body.value;
        let source = source_of(file, url, base64, mimetype.is_some())?;
        self.0.set_profile_picture(session.0.id()?, source, mimetype).await?;
        Ok(Shown(Success::DONE))
    }

    /// Delete the picture of this account
    #[oai(
        path = "/sessions/:sessionId/profile/picture",
        method = "delete",
        operation_id = "deleteProfilePicture",
        tag = "Tag::Profile"
    )]
    async fn delete_picture(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<Success>> {
        self.0.delete_profile_picture(session.0.id()?).await?;
        Ok(Shown(Success::DONE))
    }
}
