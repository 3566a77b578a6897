//! What is needed to fetch a file from WhatsApp again, as the text that is kept with its message.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use wacore::download::{Downloadable, MediaType};

/// Paths and addresses beyond this are nobody's.
const LONGEST_PATH: usize = 4_096;

/// Which keys a file is encrypted with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Image,
    Video,
    Audio,
    Document,
    Sticker,
}

/// Where a file lies at WhatsApp, and its keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Remote {
    kind: Kind,
    direct_path: Option<String>,
    static_url: Option<String>,
    media_key: Option<Vec<u8>>,
    file_sha256: Option<Vec<u8>>,
    file_enc_sha256: Option<Vec<u8>>,
    length: Option<u64>,
}

/// The written form. Its field names are part of what is stored.
#[derive(Serialize, Deserialize)]
struct Written {
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
}

impl Remote {
    /// Of a received file; `None` when there is nothing to fetch.
    pub(crate) fn of(source: &dyn Downloadable) -> Option<Self> {
        let kind = match source.app_info() {
            MediaType::Image => Kind::Image,
            MediaType::Video => Kind::Video,
            MediaType::Audio => Kind::Audio,
            MediaType::Document => Kind::Document,
            MediaType::Sticker => Kind::Sticker,
            _ => return None,
        };
        // Both come from the sender. A path that does not start at the root would become part of the
        // host's name, and an address of the sender's choice would be fetched from this machine.
        let bounded = |text: Option<&str>| text.filter(|it| it.len() <= LONGEST_PATH).map(str::to_owned);
        let digest = |bytes: Option<&[u8]>| bytes.filter(|it| it.len() == 32).map(<[u8]>::to_vec);
        let remote = Self {
            kind,
            direct_path: bounded(source.direct_path()).filter(|it| it.starts_with('/')),
            static_url: bounded(source.static_url()).filter(|it| is_whatsapps(it)),
            media_key: digest(source.media_key()),
            file_sha256: digest(source.file_sha256()),
            file_enc_sha256: digest(source.file_enc_sha256()),
            length: source.file_length(),
        };
        (remote.direct_path.is_some() || remote.static_url.is_some()).then_some(remote)
    }

    /// What it is encrypted with.
    pub(crate) fn key(&self) -> Option<&[u8]> {
        self.media_key.as_deref()
    }

    /// The same file at another place of WhatsApp's media host; `None` when that is no place there.
    pub(crate) fn moved_to(self, path: &str) -> Option<Self> {
        let good = path.starts_with('/') && path.len() <= LONGEST_PATH;
        good.then(|| Self { direct_path: Some(path.to_owned()), static_url: None, ..self })
    }

    pub(crate) fn to_text(&self) -> String {
        let encoded = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|it| STANDARD_NO_PAD.encode(it));
        let written = Written {
            kind: self.kind,
            path: self.direct_path.clone(),
            url: self.static_url.clone(),
            key: encoded(&self.media_key),
            sha256: encoded(&self.file_sha256),
            encrypted_sha256: encoded(&self.file_enc_sha256),
            length: self.length,
        };
        // Text, numbers and a closed enum: nothing in it can fail to be written.
        serde_json::to_string(&written).unwrap_or_default()
    }

    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let decoded =
            |text: Option<String>| text.map(|it| STANDARD_NO_PAD.decode(it).ok()).map_or(Some(None), |it| it.map(Some));
        Some(Self {
            kind: written.kind,
            direct_path: written.path,
            static_url: written.url,
            media_key: decoded(written.key)?,
            file_sha256: decoded(written.sha256)?,
            file_enc_sha256: decoded(written.encrypted_sha256)?,
            length: written.length,
        })
    }
}

fn is_whatsapps(address: &str) -> bool {
    let url = url::Url::parse(address).ok();
    url.is_some_and(|it| it.scheme() == "https" && it.host_str().is_some_and(|it| it.ends_with(".whatsapp.net")))
}

impl Downloadable for Remote {
    fn direct_path(&self) -> Option<&str> {
        self.direct_path.as_deref()
    }

    fn media_key(&self) -> Option<&[u8]> {
        self.media_key.as_deref()
    }

    fn file_enc_sha256(&self) -> Option<&[u8]> {
        self.file_enc_sha256.as_deref()
    }

    fn file_sha256(&self) -> Option<&[u8]> {
        self.file_sha256.as_deref()
    }

    fn file_length(&self) -> Option<u64> {
        self.length
    }

    fn app_info(&self) -> MediaType {
        match self.kind {
            Kind::Image => MediaType::Image,
            Kind::Video => MediaType::Video,
            Kind::Audio => MediaType::Audio,
            Kind::Document => MediaType::Document,
            Kind::Sticker => MediaType::Sticker,
        }
    }

    fn static_url(&self) -> Option<&str> {
        self.static_url.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use whatsapp_rust::waproto::whatsapp::message::VideoMessage;

    use super::*;

    #[test]
    fn a_remote_file_survives_being_written() {
        let video = VideoMessage {
            direct_path: Some("/v/t62".into()),
            media_key: Some(vec![1; 32]),
            file_sha256: Some(vec![2; 32]),
            file_enc_sha256: Some(vec![3; 32]),
            file_length: Some(9),
            ..Default::default()
        };
        let remote = Remote::of(&video).unwrap();
        assert_eq!(Remote::from_text(&remote.to_text()), Some(remote));
    }

    #[test]
    fn a_sender_cannot_choose_the_host() {
        for (path, url, kept) in [
            (Some("/v/t62"), None, true),
            (Some(".example.org/v"), None, false),
            (None, Some("https://mmg.whatsapp.net/x"), true),
            (None, Some("https://whatsapp.net.example.org/x"), false),
            (None, Some("http://169.254.169.254/"), false),
        ] {
            let video = VideoMessage {
                direct_path: path.map(str::to_owned),
                static_url: url.map(str::to_owned),
                ..Default::default()
            };
            assert_eq!(Remote::of(&video).is_some(), kept, "{path:?} {url:?}");
        }
    }

    #[test]
    fn a_file_moves_within_the_media_host_only() {
        let video = VideoMessage {
            direct_path: Some("/v/old".into()),
            static_url: Some("https://mmg.whatsapp.net/x".into()),
            media_key: Some(vec![1; 32]),
            ..Default::default()
        };
        let remote = Remote::of(&video).unwrap();
        let moved = remote.clone().moved_to("/v/new").unwrap();
        assert_eq!((moved.direct_path(), moved.static_url(), moved.key()), (Some("/v/new"), None, remote.key()));
        for path in [".example.org/v", "https://example.org", ""] {
            assert_eq!(remote.clone().moved_to(path), None, "{path}");
        }
    }

    #[test]
    fn what_cannot_be_fetched_is_not_kept() {
        assert_eq!(Remote::of(&VideoMessage::default()), None);
        assert_eq!(Remote::from_text("{}"), None);
        assert_eq!(Remote::from_text(r#"{"kind":"image","key":"%%%"}"#), None);
    }
}
