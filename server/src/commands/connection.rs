//! Where the gateway is and which key it is given: from the command line, the environment, a login, or the
//! folder of a gateway that runs here.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use openwa_client::{
    Client, ErrorKind,
    raw::{Call, Method, path},
};
use openwa_model::secret::Secret;
use serde_json::Value;
use url::{Host, Url};

use super::{
    failure::CommandError,
    profile::{self, Profile},
    shared::Shared,
};
use crate::environment::Environment;

const DEFAULT_URL: &str = "http://127.0.0.1:2785";
/// A person who waits would rather know.
const RETRIES: u32 = 1;

/// A gateway that can be asked.
#[derive(Debug)]
pub(crate) struct Gateway {
    client: Client,
    key_source: KeySource,
}

/// Where a key was found, for those whose key is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    Environment,
    Login(String),
    Folder(PathBuf),
    Given,
}

impl KeySource {
    /// What to do when the key from there is not accepted by the gateway at this address.
    fn advice(&self, url: &str) -> String {
        match self {
            Self::Environment => "OPENWA_API_KEY must be one of its keys".to_owned(),
            Self::Login(_) | Self::Folder(_) | Self::Given => {
                format!("give it one of its keys: openwa login --url {url} --key-stdin")
            }
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => out.write_str("of OPENWA_API_KEY"),
            Self::Login(name) => write!(out, "of the login '{name}'"),
            Self::Folder(file) => write!(out, "in {}", file.display()),
            Self::Given => out.write_str("that was given"),
        }
    }
}

impl Gateway {
    /// The one that these flags mean, with the key it is known by.
    pub(crate) fn find(shared: &Shared, environment: &Environment) -> Result<Self, CommandError> {
        let login = Profile::read(&shared.profile, environment)?;
        let url = address(shared, environment, login.as_ref())?;
        let (key, source) = match key(&shared.profile, environment, login, &url)? {
            Some(found) => found,
            None => return Err(CommandError::NoKey { url: shown(&url) }),
        };
        Self::at(&url, &key, source)
    }

    /// The one at this address, with this key.
    pub(crate) fn at(url: &Url, key: &Secret, key_source: KeySource) -> Result<Self, CommandError> {
        let client = Client::builder()
            .base_url(url.as_str())
            .api_key(key.expose())
            .user_agent(concat!("openwa-cli/", env!("CARGO_PKG_VERSION")))
            .max_retries(RETRIES)
            .build()
            .map_err(CommandError::Gateway)?;
        Ok(Self { client, key_source })
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        self.client.base_url()
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes a call and reads the JSON of its answer; `null` where there is none.
    pub(crate) async fn ask(&self, call: Call) -> Result<Value, CommandError> {
        let answer = self.client.send(call).await.map_err(|it| self.failure(it))?;
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        answer.json().map_err(|it| self.failure(it))
    }

    /// GET.
    pub(crate) async fn get(&self, template: &str, parameters: &[&str]) -> Result<Value, CommandError> {
        self.ask(call(Method::GET, template, parameters)?).await
    }

    /// POST, with or without a body.
    pub(crate) async fn post(
        &self,
        template: &str,
        parameters: &[&str],
        body: Option<&Value>,
    ) -> Result<Value, CommandError> {
        let call = call(Method::POST, template, parameters)?;
        self.ask(match body {
            Some(body) => call.json(body.to_string()),
            None => call,
        })
        .await
    }

    /// DELETE.
    pub(crate) async fn delete(&self, template: &str, parameters: &[&str]) -> Result<Value, CommandError> {
        self.ask(call(Method::DELETE, template, parameters)?).await
    }

    /// What went wrong, in the words of a command line.
    pub(crate) fn failure(&self, error: openwa_client::Error) -> CommandError {
        let url = self.url().to_owned();
        match error.kind() {
            ErrorKind::Connection => CommandError::Unreachable { url, why: error.message().to_owned() },
            ErrorKind::Authentication => {
                let (origin, advice) = (self.key_source.to_string(), self.key_source.advice(&url));
                CommandError::Refused { url, origin, why: error.message().to_owned(), advice }
            }
            _ => CommandError::Gateway(error),
        }
    }
}

/// A call of the operation with this path.
pub(crate) fn call(method: Method, template: &str, parameters: &[&str]) -> Result<Call, CommandError> {
    Ok(Call::new(method, path(template, parameters).map_err(CommandError::Gateway)?))
}

/// The address that is meant.
pub(crate) fn address(
    shared: &Shared,
    environment: &Environment,
    login: Option<&Profile>,
) -> Result<Url, CommandError> {
    let port = environment.get("PORT").and_then(|it| it.parse::<u16>().ok()).filter(|it| *it != 0);
    let text = match (&shared.url, environment.get("OPENWA_BASE_URL"), login, port) {
        (Some(url), ..) => url.clone(),
        (None, Some(url), ..) => url.to_owned(),
        (None, None, Some(login), _) => login.url.clone(),
        (None, None, None, Some(port)) => format!("http://127.0.0.1:{port}"),
        (None, None, None, None) => DEFAULT_URL.to_owned(),
    };
    let wrong = || CommandError::usage(format!("'{text}' is not an address such as {DEFAULT_URL}"));
    let url = Url::parse(text.trim()).map_err(|_| wrong())?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(wrong()),
    }
}

/// The key that the gateway at this address is to be given, if one is known.
pub(crate) fn key(
    profile: &str,
    environment: &Environment,
    login: Option<Profile>,
    url: &Url,
) -> Result<Option<(Secret, KeySource)>, CommandError> {
    if let Some(key) = environment.get("OPENWA_API_KEY") {
        return Ok(Some((Secret::new(key), KeySource::Environment)));
    }
    // The key of one gateway is no other's business.
    if let Some(login) = login
        && Url::parse(&login.url).is_ok_and(|it| is_same(&it, url))
    {
        return Ok(Some((login.key, KeySource::Login(profile.to_owned()))));
    }
    Ok(if is_local(url) { key_of_folder(environment) } else { None })
}

/// The key that a gateway in this folder made at its first start.
pub(crate) fn key_of_folder(environment: &Environment) -> Option<(Secret, KeySource)> {
    let file = Path::new(environment.get("DATA_DIR").unwrap_or("data")).join(".api-key");
    let text = profile::read(&file).ok()?;
    let key = text.trim();
    (!key.is_empty()).then(|| (Secret::new(key), KeySource::Folder(file)))
}

/// Whether it is on this machine.
pub(crate) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_same(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin() && one.path().trim_end_matches('/') == other.path().trim_end_matches('/')
}

/// Without the slash that an address without a path is given.
pub(crate) fn shown(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(url: Option<&str>) -> Shared {
        Shared { url: url.map(str::to_owned), profile: "default".into(), json: false }
    }

    fn login(url: &str) -> Profile {
        Profile { url: url.into(), key: Secret::new("owa_login") }
    }

    #[test]
    fn the_address_is_the_nearest_that_was_said() {
        let login = login("https://gateway.example/wa/");
        let with = |url, environment: &Environment, login| shown(&address(&shared(url), environment, login).unwrap());
        let (none, some) = (Environment::default(), Environment::from([("OPENWA_BASE_URL", "http://b:2")]));
        assert_eq!(with(None, &none, None), "http://127.0.0.1:2785");
        assert_eq!(with(None, &Environment::from([("PORT", "3000")]), None), "http://127.0.0.1:3000");
        assert_eq!(with(None, &none, Some(&login)), "https://gateway.example/wa");
        assert_eq!(with(None, &some, Some(&login)), "http://b:2");
        assert_eq!(with(Some("http://a:1"), &some, Some(&login)), "http://a:1");
        assert_eq!(address(&shared(Some("ftp://a")), &none, None).unwrap_err().exit_code(), 2);
    }

    #[test]
    fn a_key_is_given_to_its_own_gateway_only() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".api-key"), "owa_folder\n").unwrap();
        let data = folder.path().to_str().unwrap();
        let found = |variables: &Environment, url: &str| {
            let found = key("default", variables, Some(login("https://gateway.example")), &Url::parse(url).unwrap());
            found.unwrap().map(|(key, _)| key.expose().to_owned())
        };
        let here = Environment::from([("DATA_DIR", data)]);
        assert_eq!(found(&here, "https://gateway.example/").as_deref(), Some("owa_login"));
        assert_eq!(found(&here, "http://localhost:9").as_deref(), Some("owa_folder"));
        assert_eq!(found(&here, "https://other.example"), None);
        assert_eq!(found(&here, "https://gateway.example:8443"), None);
        let told = Environment::from([("OPENWA_API_KEY", "owa_told"), ("DATA_DIR", data)]);
        assert_eq!(found(&told, "https://other.example").as_deref(), Some("owa_told"));
    }
}
