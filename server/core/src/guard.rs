//! Which addresses the gateway's own requests may reach.
//!
//! Webhook and media addresses come from callers, so a request to one of them must not get behind
//! the firewall the gateway stands behind. A URL is checked as text first ([`NetworkPolicy::check_url`]);
//! a name is checked each time it is resolved (`GuardedResolver`), so that a name which points
//! somewhere else by the time of the request gains nothing.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The longest address that is accepted from outside, in characters.
pub const MAX_URL: usize = 2048;

/// How long one name may take to resolve.
const RESOLVE_LIMIT: Duration = Duration::from_secs(5);

/// Which addresses may be reached. The default reaches public ones only.
#[derive(Clone, Debug, Default)]
pub struct NetworkPolicy {
    anything: bool,
    loopback: bool,
    hosts: Vec<String>,
    networks: Vec<Network>,
}

impl NetworkPolicy {
    /// Reaches everything, also what is private. For a gateway whose callers are all trusted.
    pub fn anything() -> Self {
        Self { anything: true, ..Self::default() }
    }

    /// The same, and this machine itself: for a gateway that runs with a sandbox.
    pub fn with_loopback(self) -> Self {
        Self { loopback: true, ..self }
    }

    /// The same, and one more: a host name, `*.` and a domain, an address, or a network such as `10.1.0.0/16`.
    pub fn with_allowed(mut self, entry: &str) -> Result<Self, NotAllowable> {
        let entry = entry.trim();
        if let Ok(network) = entry.parse() {
            self.networks.push(network);
            return Ok(self);
        }
        let name = entry.strip_prefix("*.").unwrap_or(entry);
        match Host::parse(name) {
            Ok(Host::Domain(domain)) if !entry.contains('/') => {
                let prefix = if name.len() < entry.len() { "*." } else { "" };
                self.hosts.push(format!("{prefix}{}", domain.trim_end_matches('.')));
                Ok(self)
            }
            _ => Err(NotAllowable(entry.chars().take(256).collect())),
        }
    }

    /// Whether this address may be reached.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.anything
            || (self.loopback && address.is_loopback())
            || self.networks.iter().any(|it| it.contains(address))
            || match address {
                IpAddr::V4(it) => is_public_v4(it),
                IpAddr::V6(it) => is_public_v6(it),
            }
    }

    /// Whether this name may be reached wherever it points.
    fn permits_name(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        self.anything
            || self.hosts.iter().any(|it| match it.strip_prefix("*.") {
                None => it.eq_ignore_ascii_case(name),
                Some(domain) => {
                    name.len() > domain.len() + 1 && {
                        let (front, back) = name.split_at(name.len() - domain.len());
                        front.ends_with('.') && back.eq_ignore_ascii_case(domain)
                    }
                }
            })
    }

    /// Reads an address and refuses what can be refused without asking the name service.
    pub fn check_url(&self, text: &str) -> Result<Url, UrlRefused> {
        if text.chars().count() > MAX_URL {
            return Err(UrlRefused::TooLong);
        }
        let url = Url::parse(text).map_err(|_| UrlRefused::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlRefused::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlRefused::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(it)) => IpAddr::V4(it),
            Some(Host::Ipv6(it)) => IpAddr::V6(it),
            Some(Host::Domain(name)) if !name.is_empty() => return Ok(url),
            _ => return Err(UrlRefused::NotAUrl),
        };
        if self.permits(address) { Ok(url) } else { Err(UrlRefused::Address(address.to_string())) }
    }

    /// The same, and asks the name service too. A name that does not resolve passes: it cannot be
    /// reached now, and is checked again at each request.
    pub async fn check_target(&self, text: &str) -> Result<Url, UrlRefused> {
        let url = self.check_url(text)?;
        if let Some(Host::Domain(name)) = url.host()
            && let Ok(parsed) = name.parse::<Name>()
            && let Err(error) = GuardedResolver::new(self.clone()).resolve(parsed).await
            && error.is::<AddressRefused>()
        {
            return Err(UrlRefused::Address(name.to_owned()));
        }
        Ok(url)
    }
}

/// Why an address was refused before any request.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UrlRefused {
    /// Longer than [`MAX_URL`].
    #[error("url must be shorter than or equal to {MAX_URL} characters")]
    TooLong,
    /// Not an absolute URL with a host.
    #[error("url must be a URL address")]
    NotAUrl,
    /// Neither http nor https.
    #[error("url must start with http:// or https://")]
    Scheme,
    /// It carries a user name or password.
    #[error("url must not contain a user name or password; use a header instead")]
    Credentials,
    /// It points to a place that may not be reached.
    #[error("{0} is private or reserved; the operator can allow it with SSRF_ALLOWED_HOSTS")]
    Address(String),
}

/// A name points only to addresses that may not be reached.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0} is private or reserved; the operator can allow it with SSRF_ALLOWED_HOSTS")]
pub struct AddressRefused(pub String);

/// The text is neither a host, nor an address, nor a network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'{0}' is neither a host name, nor an IP address, nor a network like 10.1.0.0/16")]
pub struct NotAllowable(pub String);

/// An address, or all that share its first bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(it)) => {
                (u32::from(ours) ^ u32::from(it)).checked_shr(32 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(it)) => {
                (u128::from(ours) ^ u128::from(it)).checked_shr(128 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// Whether it is one of IPv4.
    pub fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }
}

impl FromStr for Network {
    type Err = NotAllowable;

    fn from_str(text: &str) -> Result<Self, NotAllowable> {
        let refuse = || NotAllowable(text.chars().take(256).collect());
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix)),
        };
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(it) if it.bytes().all(|it| it.is_ascii_digit()) => it.parse().map_err(|_| refuse())?,
            Some(_) => return Err(refuse()),
        };
        if prefix > longest { Err(refuse()) } else { Ok(Self { address, prefix }) }
    }
}

/// Resolves names and leaves out the addresses that may not be reached. It is asked for each new
/// connection, so there is no moment between check and use.
pub(crate) struct GuardedResolver {
    policy: NetworkPolicy,
    names: Arc<dyn Resolve>,
}

impl GuardedResolver {
    /// Guards the machine's own resolver.
    pub(crate) fn new(policy: NetworkPolicy) -> Self {
        Self { policy, names: Arc::new(SystemNames) }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let asked = self.names.resolve(name);
        let policy = self.policy.clone();
        Box::pin(async move {
            let found = asked.await?;
            if policy.permits_name(&host) {
                return Ok(found);
            }
            let permitted: Vec<SocketAddr> = found.filter(|it| policy.permits(it.ip())).collect();
            if permitted.is_empty() {
                return Err(AddressRefused(host).into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// What the machine's own name service says.
struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let asked = tokio::net::lookup_host((name.as_str(), 0));
            let found: Vec<SocketAddr> = tokio::time::timeout(RESOLVE_LIMIT, asked).await??.collect();
            if found.is_empty() {
                return Err(std::io::Error::other("the name has no address").into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Networks of IPv4 that are not the public internet (IANA's special-purpose registry, multicast and class E).
const RESERVED_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),       // "this network", also unspecified
    ([10, 0, 0, 0], 8),      // private
    ([100, 64, 0, 0], 10),   // shared by carriers (CGNAT)
    ([127, 0, 0, 0], 8),     // this machine
    ([169, 254, 0, 0], 16),  // link-local, cloud metadata
    ([172, 16, 0, 0], 12),   // private
    ([192, 0, 0, 0], 24),    // protocol assignments
    ([192, 0, 2, 0], 24),    // documentation
    ([192, 31, 196, 0], 24), // AS112
    ([192, 52, 193, 0], 24), // AMT relays
    ([192, 88, 99, 0], 24),  // 6to4 relays
    ([192, 168, 0, 0], 16),  // private
    ([198, 18, 0, 0], 15),   // benchmarks
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 3),     // multicast, reserved, broadcast
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !RESERVED_V4.iter().any(|(network, prefix)| (bits ^ u32::from_be_bytes(*network)) >> (32 - prefix) == 0)
}

/// Only global unicast counts as public. That leaves out unspecified, loopback, IPv4-compatible,
/// NAT64 (`64:ff9b::/96`, `64:ff9b:1::/48`), discard, unique local, link-local, site-local and
/// multicast; the mapped form of IPv4 is judged as IPv4 before it gets here.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global = first & 0xe000 == 0x2000;
    let reserved = match first {
        // Protocol assignments (Teredo, benchmarks, ORCHID), and documentation.
        0x2001 => second < 0x0200 || second == 0x0db8,
        // 6to4 carries an IPv4 address inside.
        0x2002 => true,
        // Documentation.
        0x3fff => second < 0x1000,
        _ => false,
    };
    global && !reserved
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn public_addresses_may_be_reached_and_no_others() {
        let policy = NetworkPolicy::default();
        for text in [
            "8.8.8.8",
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2001:200::1",
            "3fff:1000::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(policy.permits(address(text)), "{text}");
        }
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "a000::1",
        ] {
            assert!(!policy.permits(address(text)), "{text}");
        }
    }

    #[test]
    fn a_sandbox_opens_this_machine_and_nothing_else() {
        let policy = NetworkPolicy::default().with_loopback();
        for (text, permitted) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("169.254.169.254", false),
            ("64:ff9b::7f00:1", false),
        ] {
            assert_eq!(policy.permits(address(text)), permitted, "{text}");
        }
    }

    #[test]
    fn addresses_and_networks_can_be_allowed() {
        let policy = ["10.1.0.0/16", "192.168.7.7", "fd00::/8", "0.0.0.0/32"]
            .into_iter()
            .try_fold(NetworkPolicy::default(), |policy, it| policy.with_allowed(it))
            .unwrap();
        for (text, permitted) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("192.168.7.7", true),
            ("192.168.7.8", false),
            ("fd12::1", true),
            ("fe80::1", false),
            ("::ffff:10.1.0.1", true),
            ("0.0.0.0", true),
            ("0.0.0.1", false),
        ] {
            assert_eq!(policy.permits(address(text)), permitted, "{text}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains(address("203.0.113.1")));
        assert!("::/0".parse::<Network>().unwrap().contains(address("fe80::1")));
        for text in ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0/8", "::/129", "10.0.0.0/", "a/8"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        for text in ["", "http://x", "a b", "10.0.0.0/33", "x/8"] {
            assert!(NetworkPolicy::default().with_allowed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_url_is_refused_for_what_it_says() {
        let policy = NetworkPolicy::default();
        let long = format!("https://example.org/{}", "a".repeat(MAX_URL));
        for (text, expected) in [
            ("https://example.org/hook?x=1", None),
            ("http://8.8.8.8:8080/", None),
            ("ftp://example.org/", Some(UrlRefused::Scheme)),
            ("file:///etc/passwd", Some(UrlRefused::Scheme)),
            ("javascript:alert(1)", Some(UrlRefused::Scheme)),
            ("example.org/hook", Some(UrlRefused::NotAUrl)),
            ("", Some(UrlRefused::NotAUrl)),
            ("http://", Some(UrlRefused::NotAUrl)),
            ("http://a:b@example.org/", Some(UrlRefused::Credentials)),
            ("http://a@example.org/", Some(UrlRefused::Credentials)),
            (long.as_str(), Some(UrlRefused::TooLong)),
            ("http://127.0.0.1/", Some(UrlRefused::Address("127.0.0.1".into()))),
            ("http://2130706433/", Some(UrlRefused::Address("127.0.0.1".into()))),
            ("http://0x7f.1/", Some(UrlRefused::Address("127.0.0.1".into()))),
            ("http://0177.0.0.1/", Some(UrlRefused::Address("127.0.0.1".into()))),
            ("http://127.1/", Some(UrlRefused::Address("127.0.0.1".into()))),
            ("http://①②⑦.0.0.1/", Some(UrlRefused::Address("127.0.0.1".into()))),
            ("http://[::1]/", Some(UrlRefused::Address("::1".into()))),
            ("http://[::ffff:7f00:1]/", Some(UrlRefused::Address("::ffff:127.0.0.1".into()))),
            ("http://169.254.169.254/latest/meta-data", Some(UrlRefused::Address("169.254.169.254".into()))),
        ] {
            assert_eq!(policy.check_url(text).err(), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_where_it_points() {
        let url = "http://localhost:9/hook";
        assert_eq!(
            NetworkPolicy::default().check_target(url).await.err(),
            Some(UrlRefused::Address("localhost".into()))
        );
        for open in [
            NetworkPolicy::default().with_loopback(),
            NetworkPolicy::default().with_allowed("LocalHost").unwrap(),
            NetworkPolicy::default().with_allowed("127.0.0.0/8").unwrap(),
            NetworkPolicy::anything(),
        ] {
            assert!(open.check_target(url).await.is_ok(), "{open:?}");
        }
        let unresolvable = "http://nothing.invalid/hook";
        assert!(NetworkPolicy::default().check_target(unresolvable).await.is_ok());
    }

    #[test]
    fn allowed_names_match_whole_labels() {
        let policy = NetworkPolicy::default().with_allowed("n8n").unwrap().with_allowed("*.corp.example").unwrap();
        for (name, permitted) in [
            ("n8n", true),
            ("N8N.", true),
            ("xn8n", false),
            ("a.corp.example", true),
            ("A.B.Corp.Example", true),
            ("corp.example", false),
            (".corp.example", false),
            ("evilcorp.example", false),
        ] {
            assert_eq!(policy.permits_name(name), permitted, "{name}");
        }
    }

    /// A name service that says something else each time.
    struct Fickle(Mutex<Vec<Vec<&'static str>>>);

    impl Resolve for Fickle {
        fn resolve(&self, _: Name) -> Resolving {
            let next = self.0.lock().unwrap().remove(0);
            let found: Vec<_> = next.into_iter().map(|it| SocketAddr::new(address(it), 0)).collect();
            Box::pin(std::future::ready(Ok(Box::new(found.into_iter()) as Addrs)))
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_gains_nothing() {
        let answers = vec![vec!["8.8.8.8"], vec!["127.0.0.1"], vec!["10.0.0.1", "9.9.9.9", "::1"]];
        let resolver =
            GuardedResolver { policy: NetworkPolicy::default(), names: Arc::new(Fickle(Mutex::new(answers))) };
        let ask = async || {
            let found = resolver.resolve("rebind.example".parse().unwrap()).await;
            found.map(|it| it.map(|it| it.ip().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(ask().await.unwrap(), ["8.8.8.8"]);
        let refused = ask().await.unwrap_err();
        assert_eq!(refused.downcast_ref(), Some(&AddressRefused("rebind.example".into())));
        assert_eq!(ask().await.unwrap(), ["9.9.9.9"]);
    }
}
