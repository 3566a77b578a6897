//! Asking for a file again that WhatsApp's media host has no longer: the account's phone has it and uploads it anew.

use openwa_model::{
    content::Media,
    engine::{EngineError, ErrorKind, Retry},
    jid::Jid,
    ops::MessageRef,
};
use whatsapp_rust::{Client, MediaRetryResult, MediaReuploadError, MediaReuploadRequest};

use super::remote::Remote;
use crate::jid;

/// The file as it can be fetched now. The library waits half a minute for the phone.
pub(crate) async fn ask_again(client: &Client, message: &MessageRef, media: &Media) -> Result<Media, EngineError> {
    let gone = |why: &str| EngineError::new(ErrorKind::Media, Retry::Never, why);
    let remote = media.remote.as_deref().and_then(Remote::from_text);
    let remote = remote.ok_or_else(|| gone("This message's file was never offered for download"))?;
    let key = remote.key().ok_or_else(|| gone("WhatsApp has this file no longer, and its key is not known"))?;
    let chat = jid::to_wire(&message.chat);
    let in_company = message.chat.is_group() || message.chat == Jid::status();
    let participant = in_company.then(|| jid::to_wire(&message.sender));
    let request = MediaReuploadRequest {
        msg_id: message.id.as_str(),
        chat_jid: &chat,
        media_key: key,
        is_from_me: message.from_me,
        participant: participant.as_ref(),
    };
    match client.media_reupload().request(&request).await {
        Ok(MediaRetryResult::Success { direct_path }) => {
            let moved = remote.moved_to(&direct_path);
            let moved = moved.ok_or_else(|| gone("The phone uploaded the file again to a place that is none"))?;
            Ok(Media { remote: Some(moved.to_text()), ..media.clone() })
        }
        Ok(MediaRetryResult::NotFound) => Err(gone("WhatsApp has this file no longer, and neither has the phone")),
        Ok(MediaRetryResult::DecryptionError | MediaRetryResult::GeneralError) => {
            Err(gone("WhatsApp has this file no longer, and the phone could not upload it again"))
        }
        Err(MediaReuploadError::InvalidRequest(_)) => Err(gone("WhatsApp has this file no longer")),
        Err(MediaReuploadError::Client(_) | MediaReuploadError::NotLoggedIn) => Err(crate::engine::not_connected()),
        Err(MediaReuploadError::Timeout) => {
            let message = "WhatsApp has this file no longer, and the phone, which was asked for it, did not answer yet; \
                           it may be off line";
            Err(EngineError::new(ErrorKind::Unconfirmed, Retry::Later, message))
        }
        Err(error) => {
            let message = "The answer of the phone, which was asked for the file again, could not be read";
            Err(EngineError::new(ErrorKind::Internal, Retry::Later, message).because(error))
        }
    }
}
