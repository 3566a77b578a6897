//! Who asks, and whether they may. A handler declares both in its signature, `Caller<Operator,
//! OneChat>`, from where the document and the tests read it.
//!
//! The order is the contract's, and the first failure wins: key, address, session, role, chats,
//! deployment. Only then is the request's own input looked at.

use std::{collections::HashSet, marker::PhantomData, net::IpAddr};

use openwa_core::{Gateway, gateway::AuthError, guard::Network};
use openwa_model::{
    id::SessionId,
    jid::Jid,
    key::{ApiKey, Role},
    secret::Secret,
};
use poem::{Request, RequestBody, http::header};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::{
    address::ClientAddress,
    auditor::Identity,
    error::ApiError,
    input::{chat_in_path, door_of, session_in_path},
    once,
};

/// The least role that a route asks for.
pub(crate) trait Least: Send + Sync + 'static {
    const ROLE: Role;
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;
        impl Least for $name {
            const ROLE: Role = Role::$name;
        }
    )*};
}

roles! {
    /// May read.
    Viewer
    /// May send and run sessions.
    Operator
    /// May do everything.
    Admin
}

/// What a key that is limited to some sessions or chats meets at a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fence {
    /// The route tells nothing of chats and touches none.
    NoChats,
    /// A chat in the path is looked at here; the handler asks about any other, or leaves out of a list what the key
    /// may not see.
    OneChat,
    /// The route reaches all chats of a session: keys limited to some chats are refused.
    AllChats,
    /// The route reaches all of the deployment: limited keys are refused.
    Deployment,
}

/// How a route treats limited keys.
pub(crate) trait Fenced: Send + Sync + 'static {
    const FENCE: Fence;
}

macro_rules! fences {
    ($($name:ident)*) => {$(
        #[doc = concat!("See [`Fence::", stringify!($name), "`].")]
        pub(crate) struct $name;
        impl Fenced for $name {
            const FENCE: Fence = Fence::$name;
        }
    )*};
}

fences! { NoChats OneChat AllChats Deployment }

/// The good key behind a request.
pub(crate) struct Caller<R, F> {
    /// The key.
    pub(crate) key: ApiKey,
    /// Its text, to look again during long answers.
    pub(crate) presented: Secret,
    declared: PhantomData<fn() -> (R, F)>,
}

impl<R: Least, F: Fenced> Caller<R, F> {
    async fn check(request: &Request) -> Result<Self, ApiError> {
        let presented = presented_key(request)?;
        let gateway = gateway_of(request)?;
        let key = admitted(gateway, &presented, peer(request)).await?;
        if let Some(identity) = request.data::<Identity>() {
            identity.is(&key);
        }
        if let (Some(allowed), Some(session)) = (&key.allowed_sessions, session_in_path(request))
            && !allowed.contains(&session)
        {
            return Err(ApiError::forbidden("SESSION_NOT_ALLOWED", "API key not authorized for this session"));
        }
        if key.role < R::ROLE {
            let sentence = format!("Insufficient permissions. Required: {}", R::ROLE.name());
            return Err(ApiError::forbidden("ROLE_TOO_LOW", sentence));
        }
        check_fence(F::FENCE, &key)?;
        if F::FENCE == Fence::OneChat
            && let (Some(session), Some(chat)) = (session_in_path(request), chat_in_path(request))
        {
            check_chat(gateway, &key, session, &chat).await?;
        }
        door_of(request)?.check_query(request)?;
        Ok(Self { key, presented, declared: PhantomData })
    }

    /// The sessions this key is limited to.
    pub(crate) fn sessions(&self) -> Option<&[SessionId]> {
        self.key.allowed_sessions.as_deref()
    }

    /// Whether the key is limited to some sessions or chats.
    pub(crate) fn is_scoped(&self) -> bool {
        is_scoped(&self.key)
    }
}

impl<R: Least> Caller<R, OneChat> {
    /// Refuses a chat that the key may not use. One that the path names was looked at already.
    pub(crate) async fn may_use(&self, gateway: &Gateway, session: SessionId, chat: &Jid) -> Result<(), ApiError> {
        check_chat(gateway, &self.key, session, chat).await
    }

    /// What the key may see of a session.
    pub(crate) async fn fence(&self, gateway: &Gateway, session: SessionId) -> Result<ChatFence, ApiError> {
        ChatFence::of(&self.key, gateway, session).await
    }
}

/// The chats of one session that a key is limited to, under the ids they are kept under.
pub(crate) struct ChatFence(Option<HashSet<Jid>>);

impl ChatFence {
    pub(crate) async fn of(key: &ApiKey, gateway: &Gateway, session: SessionId) -> Result<Self, ApiError> {
        let Some(allowed) = &key.allowed_chats else { return Ok(Self(None)) };
        let mut chats = HashSet::new();
        for chat in allowed.iter().filter_map(|it| it.parse().ok()) {
            chats.insert(gateway.canonical_chat(session, &chat).await?);
            // What was stored before its number was known stands under the hidden id.
            chats.insert(chat);
        }
        Ok(Self(Some(chats)))
    }

    /// All of them; none where the key is not limited.
    pub(crate) fn chats(self) -> Vec<Jid> {
        self.0.into_iter().flatten().collect()
    }

    /// Whether the key may know of a chat.
    pub(crate) fn sees(&self, chat: &Jid) -> bool {
        self.0.as_ref().is_none_or(|it| it.contains(chat))
    }
}

/// Refuses a chat that the key may not use.
async fn check_chat(gateway: &Gateway, key: &ApiKey, session: SessionId, chat: &Jid) -> Result<(), ApiError> {
    if key.allowed_chats.is_none() {
        return Ok(());
    }
    let chat = gateway.canonical_chat(session, chat).await?;
    if ChatFence::of(key, gateway, session).await?.sees(&chat) {
        Ok(())
    } else {
        Err(ApiError::forbidden("CHAT_NOT_ALLOWED", "API key not authorized for this chat"))
    }
}

/// The gateway behind this app.
pub(crate) fn gateway_of(request: &Request) -> Result<&Gateway, ApiError> {
    request.data::<Gateway>().ok_or_else(|| ApiError::internal(std::io::Error::other("the app has no gateway")))
}

/// The key of this text, or why it is not good.
pub(crate) async fn recognise(gateway: &Gateway, presented: &Secret) -> Result<ApiKey, ApiError> {
    gateway.authenticate(presented.expose()).await.map_err(|error| match error {
        AuthError::Unknown => ApiError::unauthenticated("API_KEY_INVALID", error.to_string()),
        AuthError::Revoked => ApiError::unauthenticated("API_KEY_REVOKED", error.to_string()),
        AuthError::Expired => ApiError::unauthenticated("API_KEY_EXPIRED", error.to_string()),
        AuthError::Store(error) => openwa_core::GatewayError::Store(error).into(),
    })
}

/// The key that the request carries: `X-API-Key` wins over `Authorization: Bearer`.
pub(crate) fn presented_key(request: &Request) -> Result<Secret, ApiError> {
    let bearer = || {
        let (scheme, key) = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key)
    };
    let named = request.headers().get("X-API-Key").and_then(|it| it.to_str().ok());
    match named.filter(|it| !it.is_empty()).or_else(bearer).map(str::trim) {
        Some(key) if !key.is_empty() => Ok(Secret::new(key)),
        _ => Err(ApiError::unauthenticated("API_KEY_REQUIRED", "API key is required")),
    }
}

fn is_scoped(key: &ApiKey) -> bool {
    key.allowed_sessions.is_some() || key.allowed_chats.is_some()
}

/// The key of this text, where it is good and comes from where it may.
pub(crate) async fn admitted(gateway: &Gateway, presented: &Secret, from: Option<IpAddr>) -> Result<ApiKey, ApiError> {
    let key = recognise(gateway, presented).await?;
    check_address(&key, from)?;
    Ok(key)
}

fn check_address(key: &ApiKey, from: Option<IpAddr>) -> Result<(), ApiError> {
    let Some(allowed) = &key.allowed_ips else { return Ok(()) };
    let good = |it: &String| from.is_some_and(|from| it.parse::<Network>().is_ok_and(|it| it.contains(from)));
    if allowed.iter().any(good) {
        Ok(())
    } else {
        Err(ApiError::forbidden("ADDRESS_NOT_ALLOWED", "IP address not allowed for this API key"))
    }
}

/// Where a request comes from.
pub(crate) fn peer(request: &Request) -> Option<IpAddr> {
    request.data::<ClientAddress>().and_then(|it| it.0)
}

fn check_fence(fence: Fence, key: &ApiKey) -> Result<(), ApiError> {
    match fence {
        Fence::Deployment if is_scoped(key) => {
            let sentence = "Session-scoped API keys are not permitted on this route";
            Err(ApiError::forbidden("SCOPED_KEY_NOT_ALLOWED", sentence))
        }
        Fence::AllChats if key.allowed_chats.is_some() => {
            Err(ApiError::forbidden("CHAT_SCOPED_KEY_NOT_ALLOWED", "API key is restricted to selected chats"))
        }
        Fence::NoChats | Fence::OneChat | Fence::AllChats | Fence::Deployment => Ok(()),
    }
}

impl<'a, R: Least, F: Fenced> ApiExtractor<'a> for Caller<R, F> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    /// The route's declaration, for the document to take apart again.
    fn security_schemes() -> Vec<&'static str> {
        vec![declaration(R::ROLE, F::FENCE)]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let caller = Self::check(request).await?;
        once::admit(request, &caller.key).await?;
        Ok(caller)
    }
}

/// Role and fence as one word: the framework carries nothing else into the document.
const fn declaration(role: Role, fence: Fence) -> &'static str {
    match (role, fence) {
        (Role::Viewer, Fence::NoChats) => "viewer/noChats",
        (Role::Viewer, Fence::OneChat) => "viewer/oneChat",
        (Role::Viewer, Fence::AllChats) => "viewer/allChats",
        (Role::Viewer, Fence::Deployment) => "viewer/deployment",
        (Role::Operator, Fence::NoChats) => "operator/noChats",
        (Role::Operator, Fence::OneChat) => "operator/oneChat",
        (Role::Operator, Fence::AllChats) => "operator/allChats",
        (Role::Operator, Fence::Deployment) => "operator/deployment",
        (Role::Admin, Fence::NoChats) => "admin/noChats",
        (Role::Admin, Fence::OneChat) => "admin/oneChat",
        (Role::Admin, Fence::AllChats) => "admin/allChats",
        (Role::Admin, Fence::Deployment) => "admin/deployment",
    }
}
