//! Measures the release program on a sandbox network: two processes, and this one as their user.
//!
//! In reading order: [`fleet`] links many sessions, [`process`] reads what a process costs,
//! [`spread`] sums up many durations, and one file for each question: [`start`], [`footprint`]
//! (memory and idle processor time), [`sends`], [`webhooks`].

mod fleet;
mod footprint;
mod process;
mod sends;
mod spread;
mod start;
mod webhooks;

/// One measured figure, beside what we promise.
struct Figure {
    what: &'static str,
    seen: String,
    promised: &'static str,
}

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|it| it == name);
    if let Some(unknown) =
        asked.iter().find(|it| !["start", "memory", "idle", "sends", "webhooks"].contains(&it.as_str()))
    {
        eprintln!("'{unknown}' is not measured here; choose from start, memory, idle, sends, webhooks");
        std::process::exit(2);
    }

    let mut figures = Vec::new();
    if wanted("start") {
        figures.extend(start::measure().await);
    }
    if wanted("memory") || wanted("idle") {
        figures.extend(footprint::measure(wanted("memory"), wanted("idle")).await);
    }
    if wanted("sends") {
        figures.extend(sends::measure().await);
    }
    if wanted("webhooks") {
        figures.extend(webhooks::measure().await);
    }

    println!("\n| figure | seen | to reach |\n|---|---|---|");
    for Figure { what, seen, promised } in figures {
        println!("| {what} | {seen} | {promised} |");
    }
}
