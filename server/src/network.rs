//! Which WhatsApp network this program may join.
//!
//! The sandbox's certificates are not WhatsApp's, so a build that carries the sandbox does not check
//! them, for any network. Such a build must never meet the real one, and a build without the sandbox
//! has nothing to offer where one is asked for.

use url::{Host, Url};

use crate::config::ConfigError;

/// The network a gateway is told to join.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NetworkChoice {
    /// The real one.
    WhatsApp,
    /// A sandbox inside this process.
    SandboxInside,
    /// A sandbox that runs elsewhere.
    SandboxAt(Url),
}

impl NetworkChoice {
    /// What the flags say.
    pub(crate) fn of(sandbox: bool, sandbox_url: Option<String>) -> Result<Self, ConfigError> {
        let Some(text) = sandbox_url else {
            return Ok(if sandbox { Self::SandboxInside } else { Self::WhatsApp });
        };
        let url = Url::parse(&text).ok().filter(|it| matches!(it.scheme(), "http" | "https") && it.has_host());
        let expected = "the http:// or https:// address of a sandbox network, such as http://127.0.0.1:9080";
        url.map(Self::SandboxAt).ok_or(ConfigError::Invalid { name: "--sandbox-url", expected, value: text })
    }
}

/// What this build is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Build {
    /// Whether it has the cargo feature `sandbox`.
    pub(crate) has_sandbox: bool,
    /// Whether the engine, tried just now, takes a certificate chain that nobody signed.
    pub(crate) takes_any_certificate: bool,
}

impl Build {
    /// This one.
    pub(crate) fn this() -> Self {
        #[cfg(feature = "engine-native")]
        let takes_any_certificate = openwa_engine_native::accepts_any_certificate();
        #[cfg(not(feature = "engine-native"))]
        let takes_any_certificate = false;
        Self { has_sandbox: cfg!(feature = "sandbox"), takes_any_certificate }
    }
}

/// Why this build does not join that network.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NetworkRefused {
    #[error(
        "This build carries the sandbox network and does not check WhatsApp's certificates, so it never joins the real WhatsApp network. \
         Start it with --sandbox or --sandbox-url, or link your own phone with a build without it: cargo run --release -- serve"
    )]
    SandboxBuild,
    #[error(
        "This build has no sandbox network. Build one that has: cargo run --release --features sandbox -- serve --sandbox"
    )]
    PlainBuild,
    #[error(
        "This build takes certificates that WhatsApp did not sign, though it was not built for the sandbox: another crate switched the check off. \
         It does not join the real WhatsApp network. Build the program by itself: cargo build --release -p openwa-server"
    )]
    CertificatesUnchecked,
    #[error(
        "{0} belongs to the real WhatsApp network, which this build never joins because it does not check certificates. \
         Give the address of a sandbox, such as http://127.0.0.1:9080"
    )]
    NotASandbox(String),
    #[cfg(feature = "engine-native")]
    #[error(transparent)]
    ByTheEngine(openwa_engine_native::NetworkRefused),
}

/// Domains of the real network.
const REAL: [&str; 6] = ["whatsapp.com", "whatsapp.net", "wa.me", "facebook.com", "fbcdn.net", "meta.com"];

/// Whether this build may join that network.
pub(crate) fn permit(choice: &NetworkChoice, build: Build) -> Result<(), NetworkRefused> {
    match choice {
        NetworkChoice::WhatsApp if build.has_sandbox => Err(NetworkRefused::SandboxBuild),
        NetworkChoice::WhatsApp if build.takes_any_certificate => Err(NetworkRefused::CertificatesUnchecked),
        NetworkChoice::WhatsApp => Ok(()),
        NetworkChoice::SandboxInside | NetworkChoice::SandboxAt(_) if !build.has_sandbox => {
            Err(NetworkRefused::PlainBuild)
        }
        NetworkChoice::SandboxInside => Ok(()),
        NetworkChoice::SandboxAt(url) => match url.host() {
            Some(Host::Domain(name)) if is_real(name) => Err(NetworkRefused::NotASandbox(name.to_owned())),
            _ => Ok(()),
        },
    }
}

fn is_real(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    REAL.iter().any(|domain| name.strip_suffix(domain).is_some_and(|it| it.is_empty() || it.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Build = Build { has_sandbox: false, takes_any_certificate: false };
    const SANDBOX: Build = Build { has_sandbox: true, takes_any_certificate: true };

    fn at(url: &str) -> NetworkChoice {
        NetworkChoice::of(false, Some(url.to_owned())).unwrap()
    }

    #[test]
    fn each_build_joins_its_own_kind_of_network_only() {
        use NetworkRefused as Refused;
        let sandbox = at("http://127.0.0.1:9080");
        assert!(matches!(permit(&NetworkChoice::WhatsApp, PLAIN), Ok(())));
        assert!(matches!(permit(&NetworkChoice::SandboxInside, PLAIN), Err(Refused::PlainBuild)));
        assert!(matches!(permit(&sandbox, PLAIN), Err(Refused::PlainBuild)));

        assert!(matches!(permit(&NetworkChoice::WhatsApp, SANDBOX), Err(Refused::SandboxBuild)));
        assert!(matches!(permit(&NetworkChoice::SandboxInside, SANDBOX), Ok(())));
        assert!(matches!(permit(&sandbox, SANDBOX), Ok(())));
        assert!(matches!(permit(&at("http://notwhatsapp.com.example"), SANDBOX), Ok(())));
    }

    #[test]
    fn a_build_whose_check_was_switched_off_elsewhere_refuses_the_real_network() {
        let unified = Build { has_sandbox: false, takes_any_certificate: true };
        let refused = permit(&NetworkChoice::WhatsApp, unified);
        assert!(matches!(refused, Err(NetworkRefused::CertificatesUnchecked)));
    }

    #[test]
    fn the_real_network_is_no_sandbox_under_any_of_its_names() {
        for url in ["https://web.whatsapp.com", "https://WHATSAPP.net.", "http://media.fra1-1.cdn.whatsapp.net:443/x"] {
            assert!(matches!(permit(&at(url), SANDBOX), Err(NetworkRefused::NotASandbox(_))), "{url}");
        }
    }

    #[test]
    fn a_sandbox_address_is_an_http_one() {
        for text in ["127.0.0.1:9080", "ws://127.0.0.1:9080", "http://", "nonsense"] {
            let sentence = NetworkChoice::of(false, Some(text.to_owned())).unwrap_err().to_string();
            assert!(sentence.starts_with("--sandbox-url"), "{sentence}");
        }
    }
}
