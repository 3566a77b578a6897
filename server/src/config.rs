//! The settings of the gateway: from flags, then the environment, then the `.env` file, then defaults.
//!
//! Names are OpenWA's where it has one. A value that makes no sense refuses the start: a gateway that
//! runs on a misread setting is worse than one that does not run.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use openwa_core::settings::DeliverySettings;
use openwa_model::{media_types::MediaTypes, secret::Secret};

use crate::{
    cli::ServeFlags,
    deliveries,
    environment::Environment,
    network::NetworkChoice,
    telemetry::{LogFormat, LogLevel, LogSettings},
    traffic::Traffic,
    vault_key::VaultKey,
};

/// Everything a gateway is told from outside.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) network: NetworkChoice,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: PathBuf,
    pub(crate) master_key: Option<Secret>,
    pub(crate) pepper: Option<Secret>,
    pub(crate) vault_key: Option<VaultKey>,
    pub(crate) log: LogSettings,
    pub(crate) body_size_limit: usize,
    pub(crate) traffic: Traffic,
    pub(crate) webhook_timeout: Option<Duration>,
    pub(crate) webhook_retry_delay: Option<Duration>,
    pub(crate) webhook_max_per_session: Option<u32>,
    pub(crate) webhook_max_payload_bytes: Option<usize>,
    pub(crate) deliveries: DeliverySettings,
    pub(crate) resend_within: Option<Duration>,
    pub(crate) media_inline_max_bytes: Option<u64>,
    pub(crate) media_max_bytes: Option<u64>,
    pub(crate) media_types: Option<MediaTypes>,
    pub(crate) template_max_chars: Option<usize>,
    pub(crate) bulk_max_messages: Option<usize>,
    pub(crate) bulk_max_concurrent: Option<u64>,
    #[cfg_attr(not(feature = "engine-native"), expect(dead_code, reason = "only engines link"))]
    pub(crate) history_on_link: bool,
    pub(crate) history_messages: Option<u32>,
    pub(crate) history_messages_per_chat: Option<u32>,
    /// None where nothing is said; no time at all where the phone is never asked.
    pub(crate) history_gap: Option<Duration>,
    pub(crate) automation_max_per_session: Option<u32>,
    pub(crate) conversion: ConversionConfig,
    /// Whether private addresses are refused as targets of webhooks and media.
    pub(crate) guard_addresses: bool,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) audit_lasts: Option<Duration>,
    /// The address that others reach the gateway at.
    pub(crate) base_url: Option<String>,
    pub(crate) node_id: Option<String>,
    #[cfg_attr(not(feature = "engine-native"), expect(dead_code, reason = "only the native engine claims a version"))]
    pub(crate) whatsapp_version: Option<(u32, u32, u32)>,
}

/// How sounds and films are converted.
#[derive(Debug)]
pub(crate) struct ConversionConfig {
    /// Whether ffmpeg is used where it is found.
    pub(crate) enabled: bool,
    /// Its path, or a name to look for.
    pub(crate) ffmpeg: PathBuf,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_output_bytes: Option<u64>,
    pub(crate) at_once: Option<usize>,
}

/// A setting that makes no sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{name} must be {expected}, not {value:?}. Correct it or unset it.")]
    Invalid { name: &'static str, expected: &'static str, value: String },
    /// The value stays out of the sentence.
    #[error("{name} must be {expected}. Correct it or unset it.")]
    InvalidSecret { name: &'static str, expected: &'static str },
    #[error("{file} cannot be read: {why}")]
    File { file: PathBuf, why: String },
}

impl ConfigError {
    /// One of the allowed hosts that is not one.
    pub(crate) fn host(host: &str) -> Self {
        Self::Invalid { name: "SSRF_ALLOWED_HOSTS", expected: HOSTS, value: host.to_owned() }
    }

    pub(crate) fn file(file: &Path, why: dotenvy::Error) -> Self {
        let why = match why {
            // The line may hold a secret.
            dotenvy::Error::LineParse(_, at) => format!("a line is not NAME=value (at character {at} of it)"),
            other => other.to_string(),
        };
        Self::File { file: file.to_owned(), why }
    }
}

impl Config {
    /// Reads all settings, or names the first that makes no sense.
    pub(crate) fn read(flags: ServeFlags, environment: &Environment) -> Result<Self, ConfigError> {
        let of = Reader(environment);
        let host = match flags.bind_host {
            Some(text) => parse("--bind-host", &text, ADDRESS, address)?,
            None => of.value("BIND_HOST", ADDRESS, address)?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        };
        let port = match flags.port {
            Some(port) => port,
            None => of.value("PORT", "a port number from 0 to 65535", |it| it.parse().ok())?.unwrap_or(2785),
        };
        let data_dir = flags.data_dir.or_else(|| environment.get("DATA_DIR").map(PathBuf::from));
        let data_dir = data_dir.unwrap_or_else(|| PathBuf::from("data"));
        let database = of.value("DATABASE_URL", "a SQLite file, such as sqlite://data/openwa.sqlite", sqlite_file)?;
        let network = NetworkChoice::of(flags.sandbox, flags.sandbox_url)?;
        Ok(Self {
            listen: SocketAddr::new(host, port),
            traffic: Traffic::read(environment, network == NetworkChoice::WhatsApp)?,
            network,
            database: database.unwrap_or_else(|| data_dir.join("openwa.sqlite")),
            data_dir,
            master_key: of.secret("API_MASTER_KEY", "8 to 255 printable ASCII characters", master_key)?,
            pepper: of.secret("API_KEY_PEPPER", "any text", |it| Some(Secret::new(it)))?,
            vault_key: of.secret("VAULT_KEY", "64 hexadecimal digits (openssl rand -hex 32)", VaultKey::parse)?,
            log: log_settings(environment)?,
            body_size_limit: of.value("BODY_SIZE_LIMIT", SIZE, small_size)?.unwrap_or(25 << 20),
            webhook_timeout: of.value("WEBHOOK_TIMEOUT", MILLISECONDS, milliseconds)?,
            webhook_retry_delay: of.value("WEBHOOK_RETRY_DELAY", MILLISECONDS, milliseconds)?,
            webhook_max_per_session: of
                .value("WEBHOOK_MAX_PER_SESSION", "a number from 1 to 1000", |it| within(it, 1, 1_000))?,
            webhook_max_payload_bytes: of.value("WEBHOOK_MAX_PAYLOAD_BYTES", SIZE, small_size)?,
            deliveries: deliveries::read(environment)?,
            resend_within: of.value("RESEND_WITHIN_SECONDS", SECONDS, seconds)?,
            media_inline_max_bytes: of.value("WEBHOOK_MEDIA_INLINE_MAX_BYTES", SIZE, size)?,
            media_max_bytes: of.value("MEDIA_DOWNLOAD_MAX_BYTES", SIZE, size)?,
            media_types: of.value("MEDIA_ALLOWED_TYPES", MEDIA_TYPES, MediaTypes::parse)?,
            template_max_chars: of
                .value("TEMPLATE_RENDER_MAX_CHARS", "a number from 1 to 65536", |it| within(it, 1, 65_536))?,
            bulk_max_messages: of.value("BULK_MAX_MESSAGES", "a number from 1 to 10000", |it| within(it, 1, 10_000))?,
            bulk_max_concurrent: of
                .value("BULK_MAX_CONCURRENT_BATCHES", "a number from 1 to 10000", |it| within(it, 1, 10_000))?,
            history_on_link: of.value("HISTORY_ON_LINK", "true or false", |it| it.parse().ok())?.unwrap_or(true),
            history_messages: of
                .value("HISTORY_SYNC_MESSAGES", "a number from 1 to 1000000", |it| within(it, 1, 1_000_000))?,
            history_messages_per_chat: of
                .value("HISTORY_CHAT_MESSAGES", "a number from 1 to 2000", |it| within(it, 1, 2_000))?,
            history_gap: of.value("HISTORY_GAP_SECONDS", "a number of seconds from 0 to 2592000", |it| {
                within(it, 0, 2_592_000).map(Duration::from_secs)
            })?,
            automation_max_per_session: of
                .value("AUTOMATION_MAX_PER_SESSION", "a number from 1 to 1000", |it| within(it, 1, 1_000))?,
            conversion: ConversionConfig {
                enabled: of.value("MEDIA_CONVERSION_ENABLED", "true or false", |it| it.parse().ok())?.unwrap_or(true),
                ffmpeg: environment.get("FFMPEG_PATH").map_or_else(|| PathBuf::from("ffmpeg"), PathBuf::from),
                timeout: of.value("MEDIA_CONVERSION_TIMEOUT_MS", MILLISECONDS, milliseconds)?,
                max_output_bytes: of.value("MEDIA_CONVERSION_MAX_OUTPUT_BYTES", SIZE, size)?,
                at_once: of.value("MEDIA_CONVERSION_CONCURRENCY", "a number from 1 to 64", |it| within(it, 1, 64))?,
            },
            guard_addresses: of.value("WEBHOOK_SSRF_PROTECT", "true or false", |it| it.parse().ok())?.unwrap_or(true),
            allowed_hosts: of.value("SSRF_ALLOWED_HOSTS", HOSTS, hosts)?.unwrap_or_default(),
            audit_lasts: of.value("AUDIT_RETENTION_DAYS", "a number of days from 1 to 36500", days)?,
            base_url: of.value("BASE_URL", "an http:// or https:// address", base_url)?,
            node_id: of.value("NODE_ID", "1 to 64 letters, digits, dots, hyphens or underscores", node_id)?,
            whatsapp_version: of.value("WHATSAPP_VERSION", "a version such as 2.3000.1026131876", version)?,
        })
    }
}

/// How to log, which the sandbox by itself is told in the same way.
pub(crate) fn log_settings(environment: &Environment) -> Result<LogSettings, ConfigError> {
    let of = Reader(environment);
    let levels = "one of error, warn, info, debug, verbose, trace";
    Ok(LogSettings {
        level: of.value("LOG_LEVEL", levels, LogLevel::of)?.unwrap_or_default(),
        format: of.value("LOG_FORMAT", "pretty or json", LogFormat::of)?.unwrap_or_default(),
    })
}

const ADDRESS: &str = "an IP address, such as 127.0.0.1, or 0.0.0.0 for all";
const MILLISECONDS: &str = "a number of milliseconds from 1 to 3600000";
const SECONDS: &str = "a number of seconds from 1 to 2592000";
const SIZE: &str = "a size from 1kb to 1gb, such as 25mb, or a number of bytes";
const MEDIA_TYPES: &str = "a list of MIME types such as image/*, application/pdf, with commas between";
const HOSTS: &str = "a list of host names, IP addresses and networks such as 10.0.0.0/8, with commas between";

pub(crate) struct Reader<'a>(pub(crate) &'a Environment);

impl Reader<'_> {
    pub(crate) fn value<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        self.0.get(name).map(|text| parse(name, text, expected, read)).transpose()
    }

    pub(crate) fn secret<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        let read = |text| read(text).ok_or(ConfigError::InvalidSecret { name, expected });
        self.0.get(name).map(read).transpose()
    }
}

fn parse<T>(
    name: &'static str,
    text: &str,
    expected: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, ConfigError> {
    read(text).ok_or_else(|| ConfigError::Invalid { name, expected, value: text.to_owned() })
}

fn address(text: &str) -> Option<IpAddr> {
    if text == "localhost" { Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { text.parse().ok() }
}

/// `sqlite://path` or `sqlite:path`; two slashes do not start a host name here.
fn sqlite_file(text: &str) -> Option<PathBuf> {
    let path = text.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    (!path.is_empty() && !path.contains(['?', '#']) && !path.starts_with(':')).then(|| PathBuf::from(path))
}

fn master_key(text: &str) -> Option<Secret> {
    let fits = (8..=255).contains(&text.len()) && text.bytes().all(|it| (b' '..=b'~').contains(&it));
    fits.then(|| Secret::new(text))
}

pub(crate) fn within<T: std::str::FromStr + PartialOrd>(text: &str, least: T, most: T) -> Option<T> {
    text.parse().ok().filter(|it| (least..=most).contains(it))
}

fn milliseconds(text: &str) -> Option<Duration> {
    within(text, 1, 3_600_000).map(Duration::from_millis)
}

fn days(text: &str) -> Option<Duration> {
    within(text, 1_u64, 36_500).map(|it| Duration::from_secs(it * 24 * 60 * 60))
}

fn base_url(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok().filter(|it| matches!(it.scheme(), "http" | "https") && it.has_host())?;
    Some(url.as_str().trim_end_matches('/').to_owned())
}

fn seconds(text: &str) -> Option<Duration> {
    within(text, 1, 2_592_000).map(Duration::from_secs)
}

fn size(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let digits = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[digits..].trim() {
        "" | "b" => 1,
        "kb" => 1 << 10,
        "mb" => 1 << 20,
        "gb" => 1 << 30,
        _ => return None,
    };
    let bytes = text[..digits].parse::<u64>().ok()?.checked_mul(unit)?;
    ((1 << 10)..=(1 << 30)).contains(&bytes).then_some(bytes)
}

/// A size of what is held in memory as a whole.
fn small_size(text: &str) -> Option<usize> {
    size(text)?.try_into().ok()
}

fn hosts(text: &str) -> Option<Vec<String>> {
    let hosts: Vec<_> = text.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let sound = |host: &String| {
        host.len() <= 253 && host.bytes().all(|it| it.is_ascii_alphanumeric() || b".-:/*[]_".contains(&it))
    };
    (hosts.len() <= 1_000 && hosts.iter().all(sound)).then_some(hosts)
}

fn node_id(text: &str) -> Option<String> {
    let sound = |it: u8| it.is_ascii_alphanumeric() || b".-_".contains(&it);
    (text.len() <= 64 && text.bytes().all(sound)).then(|| text.to_owned())
}

fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|it| it.parse().ok());
    let version = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config<const N: usize>(values: [(&str, &str); N]) -> Result<Config, String> {
        Config::read(ServeFlags::default(), &Environment::from(values)).map_err(|it| it.to_string())
    }

    #[test]
    fn without_any_setting_there_are_defaults() {
        let config = config([]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:2785");
        assert_eq!(config.data_dir, Path::new("data"));
        assert_eq!(config.database, Path::new("data/openwa.sqlite"));
        assert_eq!(config.body_size_limit, 25 * 1024 * 1024);
        assert!(config.guard_addresses && config.master_key.is_none());
    }

    #[test]
    fn the_database_lies_in_the_data_folder_unless_it_is_put_elsewhere() {
        assert_eq!(config([("DATA_DIR", "/srv/wa")]).unwrap().database, Path::new("/srv/wa/openwa.sqlite"));
        let elsewhere = config([("DATA_DIR", "/srv/wa"), ("DATABASE_URL", "sqlite:///disk/a.sqlite")]).unwrap();
        assert_eq!(elsewhere.database, Path::new("/disk/a.sqlite"));
        let relative = config([("DATABASE_URL", "sqlite://data/openwa.sqlite")]).unwrap();
        assert_eq!(relative.database, Path::new("data/openwa.sqlite"));
    }

    #[test]
    fn a_flag_goes_before_the_environment() {
        let flags = ServeFlags { port: Some(0), bind_host: Some("::1".into()), ..ServeFlags::default() };
        let environment = Environment::from([("PORT", "99"), ("BIND_HOST", "0.0.0.0")]);
        assert_eq!(Config::read(flags, &environment).unwrap().listen.to_string(), "[::1]:0");
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let wrong = [
            ("PORT", "65536"),
            ("BIND_HOST", "everywhere"),
            ("LOG_LEVEL", "loud"),
            ("LOG_FORMAT", "xml"),
            ("DATABASE_URL", "mysql://localhost/openwa"),
            ("BODY_SIZE_LIMIT", "25 apples"),
            ("BODY_SIZE_LIMIT", "99999999999999999999gb"),
            ("WEBHOOK_TIMEOUT", "0"),
            ("WEBHOOK_RETRY_DELAY", "5s"),
            ("WEBHOOK_MAX_PER_SESSION", "-1"),
            ("RESEND_WITHIN_SECONDS", "0"),
            ("WEBHOOK_SSRF_PROTECT", "maybe"),
            ("SSRF_ALLOWED_HOSTS", "good.example, bad example"),
            ("MEDIA_DOWNLOAD_MAX_BYTES", "none"),
            ("TEMPLATE_RENDER_MAX_CHARS", "64k"),
            ("BULK_MAX_MESSAGES", "10001"),
            ("BULK_MAX_CONCURRENT_BATCHES", "0"),
            ("HISTORY_ON_LINK", "sometimes"),
            ("HISTORY_SYNC_MESSAGES", "0"),
            ("HISTORY_CHAT_MESSAGES", "2001"),
            ("HISTORY_GAP_SECONDS", "-1"),
            ("AUTOMATION_MAX_PER_SESSION", "0"),
            ("MEDIA_ALLOWED_TYPES", "pictures"),
            ("MEDIA_CONVERSION_ENABLED", "ture"),
            ("MEDIA_CONVERSION_TIMEOUT_MS", "1m"),
            ("MEDIA_CONVERSION_CONCURRENCY", "0"),
            ("NODE_ID", "a b"),
            ("AUDIT_RETENTION_DAYS", "0"),
            ("BASE_URL", "gateway.example.org"),
            ("WHATSAPP_VERSION", "2.3000"),
            ("PORT", "\u{fffd}"),
        ];
        for (name, value) in wrong {
            let sentence = config([(name, value)]).unwrap_err();
            assert!(sentence.starts_with(name) && sentence.contains(&format!("{value:?}")), "{sentence}");
        }
    }

    #[test]
    fn a_secret_that_makes_no_sense_is_named_but_not_shown() {
        for (name, value) in
            [("VAULT_KEY", "hunter22"), ("API_MASTER_KEY", "hunter2"), ("API_MASTER_KEY", "hünter2222")]
        {
            let sentence = config([(name, value)]).unwrap_err();
            assert!(sentence.starts_with(name) && !sentence.contains("nter2"), "{sentence}");
        }
    }

    #[test]
    fn sizes_have_units() {
        let sizes =
            [("2048", Some(2_048)), ("25mb", Some(26_214_400)), ("1 KB", Some(1_024)), ("2gb", None), ("mb", None)];
        for (text, bytes) in sizes {
            assert_eq!(size(text), bytes, "{text}");
        }
    }
}
