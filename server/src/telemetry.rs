//! What the program logs, and how: to standard error, so that standard output is left to the greeting.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, prelude::*, registry};

/// How much is logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// The level of this name; `verbose` is OpenWA's word for `trace`.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "error" => Some(Self::Error),
            "warn" => Some(Self::Warn),
            "info" | "log" => Some(Self::Info),
            "debug" => Some(Self::Debug),
            "verbose" | "trace" => Some(Self::Trace),
            _ => None,
        }
    }

    /// Whether it is more than in daily use.
    pub(crate) fn is_debug(self) -> bool {
        matches!(self, Self::Debug | Self::Trace)
    }

    /// Dependencies are quieter than this program: what they have to say is seldom news to an operator.
    fn filter(self) -> EnvFilter {
        EnvFilter::new(match self {
            Self::Error => "error",
            Self::Warn => "error,openwa=warn",
            Self::Info => "error,openwa=info",
            Self::Debug => "warn,openwa=debug",
            Self::Trace => "debug,openwa=trace",
        })
    }
}

/// In which form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum LogFormat {
    #[default]
    Pretty,
    Json,
}

impl LogFormat {
    /// The form of this name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "pretty" => Some(Self::Pretty),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// How to log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LogSettings {
    pub(crate) level: LogLevel,
    pub(crate) format: LogFormat,
}

/// Starts logging. `RUST_LOG`, where set, says in full what is logged.
pub(crate) fn start(settings: LogSettings) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| settings.level.filter());
    let registry = registry().with(filter);
    match settings.format {
        LogFormat::Pretty => {
            let colours = std::io::stderr().is_terminal();
            registry.with(fmt::layer().with_writer(std::io::stderr).with_ansi(colours)).init();
        }
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            registry.with(lines.with_writer(std::io::stderr)).init();
        }
    }
}
