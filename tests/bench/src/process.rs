//! What a process costs, read from `/proc`.

use std::time::Duration;

/// The kernel counts processor time in hundredths of a second on every machine this runs on.
const TICKS_A_SECOND: u64 = 100;

/// Resident memory in bytes.
pub(crate) fn resident_bytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a running process");
    let line = status.lines().find(|it| it.starts_with("VmRSS:")).expect("its resident memory");
    let kilobytes: u64 = line.split_whitespace().nth(1).and_then(|it| it.parse().ok()).expect("a number of kB");
    kilobytes * 1024
}

/// Processor time used so far, its own and the kernel's for it.
pub(crate) fn processor_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a running process");
    // The name in parentheses may hold spaces; the fields are counted behind it.
    let (_, fields) = stat.rsplit_once(')').expect("the name of the program");
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).map(|it| it.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 1_000 / TICKS_A_SECOND)
}
