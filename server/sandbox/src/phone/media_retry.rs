//! The answer to who asked for an expired file: where it is found now, sealed with the file's key.

use buffa::Message as _;
use wacore::libsignal::crypto::aes_256_gcm_encrypt;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;
use waproto::whatsapp as wa;
use waproto::whatsapp::media_retry_notification::ResultType;

use crate::ambient;

/// What the key of the answer is derived for.
const PURPOSE: &[u8] = b"WhatsApp Media Retry Notification";

/// `<encrypt><enc_p/><enc_iv/></encrypt>`; nothing when the key of the file is no key.
pub(super) fn found(media_key: &[u8], id: &str, path: &str) -> Option<Node> {
    let notice = wa::MediaRetryNotification {
        stanza_id: Some(id.to_owned()),
        direct_path: Some(path.to_owned()),
        result: Some(ResultType::SUCCESS),
        ..Default::default()
    };
    let mut key = [0; 32];
    wacore::crypto::hkdf_sha256_into(media_key, None, PURPOSE, &mut key).ok()?;
    let iv = ambient::random_bytes::<12>();
    let mut sealed = Vec::new();
    aes_256_gcm_encrypt(&key, &iv, id.as_bytes(), &notice.encode_to_vec(), &mut sealed).ok()?;
    let bytes = |tag, bytes: Vec<u8>| NodeBuilder::new(tag).bytes(bytes).build();
    Some(NodeBuilder::new("encrypt").children([bytes("enc_p", sealed), bytes("enc_iv", iv.to_vec())]).build())
}
