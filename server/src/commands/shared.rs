//! What every command that speaks to a gateway is told.

use clap::Args;

#[derive(Clone, Debug, Args)]
pub(crate) struct Shared {
    /// The gateway's address [env: OPENWA_BASE_URL, default: that of the login, else http://127.0.0.1:2785]
    #[arg(long, global = true, help_heading = "Gateway", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Which login to use, for those who have several gateways
    #[arg(
        long,
        global = true,
        help_heading = "Gateway",
        value_name = "NAME",
        env = "OPENWA_PROFILE",
        default_value = "default",
        hide_env_values = true
    )]
    pub(crate) profile: String,
    /// Print JSON, for programs
    #[arg(long, global = true, help_heading = "Gateway")]
    pub(crate) json: bool,
}

/// Which session a command is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct WhichSession {
    /// The session, by its name or id; needed when there are several
    #[arg(long, short, value_name = "NAME", env = "OPENWA_SESSION", hide_env_values = true)]
    pub(crate) session: Option<String>,
}

/// The session to which a command is limited.
#[derive(Clone, Debug, Args)]
pub(crate) struct OnlySession {
    /// Only of this session, by its name or id; of all when absent
    #[arg(long, short, value_name = "NAME", env = "OPENWA_SESSION", hide_env_values = true)]
    pub(crate) session: Option<String>,
}
