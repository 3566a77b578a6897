//! What the program says on standard output when it takes requests: the address, the first key, and
//! the next lines to paste.

use std::{
    fmt::Write,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use openwa_model::secret::Secret;

/// What there is to say.
pub(crate) struct Greeting<'a> {
    pub(crate) listen: SocketAddr,
    /// At the first start only.
    pub(crate) key: Option<&'a Secret>,
    pub(crate) key_file: &'a Path,
    /// Whether a sandbox network runs inside.
    pub(crate) sandbox: bool,
}

impl Greeting<'_> {
    /// The whole text, with a line break at its end.
    pub(crate) fn text(&self) -> String {
        let base = format!("http://{}", reachable(self.listen));
        let mut text = format!("OpenWA {} is listening on {base}\n", env!("CARGO_PKG_VERSION"));
        let mut line = |it: &str| _ = writeln!(text, "{it}");
        line(&format!("  documentation  {base}/api/docs"));
        let file = self.key_file.display();
        match self.key {
            Some(key) => line(&format!("  API key        {}  (kept in {file}, not shown again)", key.expose())),
            None => line(&format!("  API key        the one in {file}, unless you replaced it")),
        }
        if self.key.is_none() {
            return text;
        }
        line("\nNext, in another terminal in this folder: create a session, start it, link it.\n");
        for next in self.next() {
            line(&format!("  {next}"));
        }
        line("");
        text
    }

    /// Lines that work one after another in a shell, also when all are pasted at once.
    fn next(&self) -> [String; 3] {
        let base = format!("http://{}", reachable(self.listen));
        let key = format!("-H \"X-API-Key: $(cat {})\"", self.key_file.display());
        let json = "-H 'Content-Type: application/json'";
        let sessions = format!("{base}/api/sessions");
        let create = format!(
            "S={sessions}/$(curl -s {sessions} {key} {json} -d '{{\"name\":\"first\"}}' | grep -o '\"id\":\"[^\"]*' | head -1 | cut -c7-); echo $S"
        );
        let start = format!("curl -s -X POST $S/start {key}");
        // The code comes a moment after the start.
        let retry = "--retry 20 --retry-delay 1 --retry-all-errors";
        let link = if self.sandbox {
            format!(
                "curl -s {base}/sandbox/scan {json} -d \"{{\\\"qr\\\":\\\"$(curl -sf {retry} \"$S/qr?format=raw\" {key})\\\"}}\""
            )
        } else {
            format!("curl -sf {retry} \"$S/qr?format=terminal\" {key}")
        };
        [create, start, link]
    }
}

/// An address to type: one that stands for all is reached through this machine's own.
pub(crate) fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_shown_at_the_first_start_only() {
        let key = Secret::new("owa_k1_secret");
        let greeting = |key| Greeting {
            listen: "0.0.0.0:2785".parse().unwrap(),
            key,
            key_file: Path::new("data/.api-key"),
            sandbox: true,
        };
        let first = greeting(Some(&key)).text();
        assert!(first.contains("is listening on http://127.0.0.1:2785\n") && first.contains("owa_k1_secret"));
        assert_eq!(first.matches("curl ").count(), 4, "three lines, one with two calls: {first}");
        let later = greeting(None).text();
        assert!(!later.contains("owa_k1_secret") && later.contains("data/.api-key"), "{later}");
    }
}
