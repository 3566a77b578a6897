//! What idle sessions cost.

use std::time::Duration;

use crate::{Figure, fleet, process};

const FEW: usize = 50;
const MANY: usize = 300;
const IDLE_SESSIONS: usize = 100;
const SETTLE: Duration = Duration::from_secs(20);
const IDLE_FOR: Duration = Duration::from_secs(60);

pub(crate) async fn measure(memory: bool, idle: bool) -> Vec<Figure> {
    let (network, gateway) = fleet::pair().await;
    let process = gateway.process_id();
    let mut figures = Vec::new();

    let mut all = fleet::link(&network, &gateway, 0, FEW).await;
    tokio::time::sleep(SETTLE).await;
    let with_few = process::resident_bytes(process);

    if idle {
        all.extend(fleet::link(&network, &gateway, all.len(), IDLE_SESSIONS).await);
        tokio::time::sleep(SETTLE).await;
        let before = process::processor_time(process);
        tokio::time::sleep(IDLE_FOR).await;
        let used = process::processor_time(process) - before;
        figures.push(Figure {
            what: "processor time of 100 idle linked sessions over a minute",
            seen: format!("{:.2} % of a core", used.as_secs_f64() / IDLE_FOR.as_secs_f64() * 100.0),
            promised: "1 % of a core",
        });
    }
    if memory {
        all.extend(fleet::link(&network, &gateway, all.len(), MANY).await);
        tokio::time::sleep(SETTLE).await;
        let with_many = process::resident_bytes(process);
        let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
        let slope = mib(with_many.saturating_sub(with_few)) / (MANY - FEW) as f64;
        figures.push(Figure {
            what: "resident memory per idle linked session, as the slope from 50 to 300",
            seen: format!("{slope:.2} MiB ({:.0} MiB with 50, {:.0} MiB with 300)", mib(with_few), mib(with_many)),
            promised: "1.5 MiB",
        });
    }
    figures
}
