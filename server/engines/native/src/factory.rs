//! Makes engines, and holds what all of them share.

use std::sync::Arc;

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    capability::{Capabilities, OpSet},
    clock::{Clock, SystemClock},
    engine::{Engine, EngineError, EngineFactory, EngineKind, ErrorKind, Retry, Seed, Signals},
    ops::Op,
};
use url::Url;
use wacore::net::WHATSAPP_WEB_WS_URL;

use crate::{
    engine::NativeEngine,
    http::Clients,
    media::MediaLimits,
    network_check::accepts_any_certificate,
    proxy::Proxy,
    settings::{NativeSettings, Network},
    tls,
    transport::Endpoint,
};

/// What engines of this kind can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    ops: OpSet::of(&[
        Op::SendMessage,
        Op::EditMessage,
        Op::RevokeMessage,
        Op::DeleteForMe,
        Op::React,
        Op::VotePoll,
        Op::RespondToEvent,
        Op::MarkRead,
        Op::FetchHistory,
        Op::StarMessage,
        Op::PinMessage,
        Op::UnpinMessage,
        Op::SetChatUnread,
        Op::ArchiveChat,
        Op::PinChat,
        Op::MuteChat,
        Op::ClearChat,
        Op::DeleteChat,
        Op::SendTyping,
        Op::CheckNumbers,
        Op::SetProfileName,
        Op::SetProfileStatus,
        Op::SetProfilePicture,
        Op::SetPresence,
        Op::SubscribePresence,
        Op::GetPrivacy,
        Op::SetPrivacy,
        Op::CheckLabels,
        Op::SaveLabel,
        Op::DeleteLabel,
        Op::LabelChat,
        Op::RejectCall,
        Op::CreateCallLink,
        Op::ListBlocked,
        Op::BlockContact,
        Op::UnblockContact,
        Op::GetProfilePicture,
        Op::SaveContact,
        Op::DeleteContact,
        Op::ListGroups,
        Op::GetGroup,
        Op::CreateGroup,
        Op::LeaveGroup,
        Op::ChangeMembers,
        Op::SetGroupSubject,
        Op::SetGroupDescription,
        Op::SetGroupSettings,
        Op::GetGroupPicture,
        Op::SetGroupPicture,
        Op::GetGroupInvite,
        Op::PreviewGroup,
        Op::JoinGroup,
        Op::ListJoinRequests,
        Op::DecideJoinRequests,
        Op::ListCommunities,
        Op::CreateCommunity,
        Op::ListSubgroups,
        Op::LinkGroups,
        Op::UnlinkGroups,
        Op::DeactivateCommunity,
        Op::ListChannels,
        Op::GetChannel,
        Op::SearchChannels,
        Op::ListChannelPosts,
        Op::CreateChannel,
        Op::SubscribeChannel,
        Op::UnsubscribeChannel,
        Op::DeleteChannel,
        Op::MuteChannel,
        Op::DemoteChannelAdmin,
        Op::TransferChannel,
        Op::GetBusinessProfile,
        Op::ListProducts,
        Op::DeleteStatus,
        Op::DownloadMedia,
    ]),
    qr: true,
    pairing_code: true,
    max_media_bytes: 2 * 1024 * 1024 * 1024,
};

/// Why this build cannot serve the network it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum NetworkRefused {
    /// The check of WhatsApp's certificates is switched off in this build.
    #[error(
        "this build believes anyone who claims to be WhatsApp, because it was built for the sandbox; \
         it refuses WhatsApp's own network. Build without `--features sandbox` to link a real phone"
    )]
    BelievesAnyone,
    /// The sandbox was asked for in a build that cannot.
    #[error(
        "this build refuses the sandbox, because it checks WhatsApp's certificates; build with `--features sandbox` to use it"
    )]
    NotBuiltForSandbox,
    /// The sandbox's address is WhatsApp's own, or none at all.
    #[error(
        "'{0}' is not the address of a sandbox; write ws://host:port/ws/chat for its WebSocket and http://host:port for its media"
    )]
    NotASandbox(String),
    /// TLS could not be set up.
    #[error("TLS could not be set up")]
    Tls(#[from] rustls::Error),
}

/// What all engines of one factory share.
pub(crate) struct Shared {
    pub(crate) settings: NativeSettings,
    pub(crate) endpoint: Endpoint,
    pub(crate) media_base: Option<Url>,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) clients: Clients,
    pub(crate) media: Arc<MediaLimits>,
    pub(crate) now: fn() -> Timestamp,
}

/// Makes engines that speak WhatsApp's own protocol.
pub struct NativeFactory(Arc<Shared>);

impl NativeFactory {
    /// Refuses a network that this build cannot serve safely.
    pub fn new(settings: NativeSettings) -> Result<Self, NetworkRefused> {
        Self::with_check(settings, accepts_any_certificate(), cfg!(feature = "sandbox"))
    }

    fn with_check(
        settings: NativeSettings,
        believes_anyone: bool,
        built_for_sandbox: bool,
    ) -> Result<Self, NetworkRefused> {
        let (endpoint, media_base) = match &settings.network {
            Network::Real if believes_anyone || built_for_sandbox => return Err(NetworkRefused::BelievesAnyone),
            Network::Real => (endpoint(WHATSAPP_WEB_WS_URL)?, None),
            Network::Sandbox { .. } if !built_for_sandbox => return Err(NetworkRefused::NotBuiltForSandbox),
            Network::Sandbox { websocket_url, media_base_url } => {
                let base = Url::parse(media_base_url).ok().filter(|it| matches!(it.scheme(), "http" | "https"));
                let base = base.ok_or_else(|| NetworkRefused::NotASandbox(media_base_url.clone()))?;
                for address in [websocket_url, media_base_url] {
                    if is_whatsapps(address) {
                        return Err(NetworkRefused::NotASandbox(address.clone()));
                    }
                }
                (endpoint(websocket_url)?, Some(base))
            }
        };
        let media = Arc::new(MediaLimits::new(settings.transfers));
        let (tls, clients) = (tls::client_config()?, Clients::default());
        let now = || SystemClock.now();
        Ok(Self(Arc::new(Shared { settings, endpoint, media_base, tls, clients, media, now })))
    }
}

fn endpoint(address: &str) -> Result<Endpoint, NetworkRefused> {
    Endpoint::parse(address).map_err(|_| NetworkRefused::NotASandbox(address.to_owned()))
}

fn is_whatsapps(address: &str) -> bool {
    let host = Url::parse(address).ok().and_then(|it| it.host_str().map(str::to_lowercase));
    host.is_none_or(|it| {
        ["whatsapp.com", "whatsapp.net", "facebook.com", "fbcdn.net"]
            .iter()
            .any(|theirs| it == *theirs || it.ends_with(&format!(".{theirs}")))
    })
}

#[async_trait]
impl EngineFactory for NativeFactory {
    fn kind(&self) -> EngineKind {
        EngineKind::Native
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    async fn open(&self, seed: Seed, signals: Signals) -> Result<Arc<dyn Engine>, EngineError> {
        let proxy = seed
            .proxy
            .as_deref()
            .map(Proxy::parse)
            .transpose()
            .map_err(|error| EngineError::new(ErrorKind::Invalid, Retry::Never, error.to_string()))?;
        Ok(Arc::new(NativeEngine::new(Arc::clone(&self.0), seed, signals, proxy)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(settings: NativeSettings, believes_anyone: bool, built_for_sandbox: bool) -> Option<String> {
        NativeFactory::with_check(settings, believes_anyone, built_for_sandbox).err().map(|it| it.to_string())
    }

    #[test]
    fn each_build_serves_one_network_and_says_why_not_the_other() {
        let sandbox = || NativeSettings::sandbox("ws://127.0.0.1:9/ws/chat", "http://127.0.0.1:9");
        let real = NativeSettings::real;
        assert_eq!(refusal(real(), false, false), None);
        assert_eq!(refusal(sandbox(), true, true), None);
        assert!(refusal(sandbox(), false, false).unwrap().contains("--features sandbox"));
        // The feature alone is not asked: what counts is what the build does.
        for (believes_anyone, built_for_sandbox) in [(true, false), (true, true), (false, true)] {
            let why = refusal(real(), believes_anyone, built_for_sandbox).unwrap();
            assert!(why.contains("believes anyone"), "{why}");
        }
    }

    #[test]
    fn a_sandbox_is_never_whatsapps_own_network() {
        for (websocket, media) in [
            ("wss://web.whatsapp.com/ws/chat", "http://127.0.0.1:9"),
            ("ws://127.0.0.1:9/ws/chat", "https://mmg.whatsapp.net"),
            ("ws://127.0.0.1:9/ws/chat", "ftp://127.0.0.1"),
            ("127.0.0.1:9", "http://127.0.0.1:9"),
        ] {
            let why = refusal(NativeSettings::sandbox(websocket, media), true, true);
            assert!(why.is_some_and(|it| it.contains("not the address of a sandbox")), "{websocket} {media}");
        }
    }
}
