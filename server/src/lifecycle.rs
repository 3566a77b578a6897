//! From the first request to the last: signals, and the order in which things end.

use std::{io, time::Duration};

use openwa_core::Gateway;
use poem::{Endpoint, Server, listener::Acceptor};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::start_error::StartError;

/// How long requests under way may take once the program is asked to stop.
const REQUESTS_LIMIT: Duration = Duration::from_secs(10);

/// How long sessions may take after that.
const SESSIONS_LIMIT: Duration = Duration::from_secs(30);

/// Cancelled by the first SIGTERM or SIGINT. The second one ends the program at once: what is stored is
/// sound at any moment, so an impatient person loses nothing.
pub(crate) fn stop_on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => (),
                _ = interrupt.recv() => (),
            }
            if asked.is_cancelled() {
                std::process::exit(130);
            }
            tracing::info!("stopping; a second signal stops at once");
            asked.cancel();
        }
    });
    Ok(stop)
}

/// Serves until told to stop; then the listener closes, requests under way end, and the sessions after them.
pub(crate) async fn run(
    acceptor: impl Acceptor + 'static,
    routes: impl Endpoint + 'static,
    gateway: Gateway,
    stop: CancellationToken,
) -> Result<(), StartError> {
    let end_sessions = CancellationToken::new();
    let mut sessions = tokio::spawn({
        let end_sessions = end_sessions.clone();
        async move { gateway.run(end_sessions).await }
    });
    let serving = Server::new_with_acceptor(acceptor).run_with_graceful_shutdown(
        routes,
        stop.clone().cancelled_owned(),
        Some(REQUESTS_LIMIT),
    );
    tokio::select! {
        served = serving => served?,
        _ = &mut sessions => return Err(StartError::Ended("gateway")),
    }
    end_sessions.cancel();
    match tokio::time::timeout(SESSIONS_LIMIT, sessions).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(StartError::Ended("gateway")),
        Err(_) => {
            tracing::warn!("sessions took longer than {SESSIONS_LIMIT:?} to stop and were cut off");
            Ok(())
        }
    }
}
