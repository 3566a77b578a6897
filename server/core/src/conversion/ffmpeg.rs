//! The one place that starts a process: ffmpeg, with fixed arguments, no shell, nothing of our environment, and bounds
//! on its time, its output, its threads and each of its allocations.
//!
//! It may open files only, and only those containers that hold their own bytes. A playlist that names other files
//! (HLS, DASH, concat and the like) is refused before it is read, so a file cannot make ffmpeg read another one.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::Path,
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
};

/// What ffmpeg is called with.
pub(super) type Arguments = Vec<OsString>;

/// Containers that hold their own bytes.
const CONTAINERS: &str =
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,flac,flv,gif,matroska,mov,mp3,mpeg,mpegts,ogg,w64,wav,webm";
/// The largest piece of memory it may ask for at once.
const LARGEST_ALLOCATION: &str = "268435456";
/// How much of what it says is kept.
const MOST_WORDS: usize = 16 * 1024;

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// The program does not run.
    NotStarted(io::Error),
    /// It did not end in time and was killed.
    TooSlow,
    /// It ended with an error, and said this.
    Refused(String),
}

/// Ogg with Opus, mono, tuned for speech.
pub(super) fn to_voice(from: &Path, into: &Path, max_bytes: u64) -> Arguments {
    let mut call = reading(from, "error");
    add(&mut call, "-map 0:a:0 -vn -sn -dn -map_metadata -1 -map_chapters -1 -threads 1");
    add(&mut call, "-ac 1 -ar 48000 -c:a libopus -b:a 32k -application voip -f ogg");
    writing(call, into, max_bytes)
}

/// MP4 with H.264 and AAC, no edge longer than 1280 pixels, playable before it is whole.
pub(super) fn to_film(from: &Path, into: &Path, max_bytes: u64) -> Arguments {
    let mut call = reading(from, "error");
    add(&mut call, "-map 0:v:0 -map 0:a:0? -sn -dn -map_metadata -1 -map_chapters -1 -threads 1");
    add(&mut call, "-c:v libx264 -profile:v baseline -preset veryfast -crf 26 -pix_fmt yuv420p -vf");
    call.push(
        "scale=w='min(1280,iw)':h='min(1280,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2".into(),
    );
    add(&mut call, "-c:a aac -b:a 96k -ar 44100 -ac 2 -movflags +faststart -f mp4");
    writing(call, into, max_bytes)
}

/// Samples of sixteen bits, 8000 a second, on standard output.
pub(super) fn to_samples(from: &Path) -> Arguments {
    let mut call = reading(from, "error");
    add(&mut call, "-map 0:a:0 -vn -sn -dn -threads 1 -ac 1 -ar 8000 -c:a pcm_s16le -f s16le pipe:1");
    call
}

/// The first picture as a JPEG on standard output; how long the film lasts is among what it says.
pub(super) fn to_first_picture(from: &Path) -> Arguments {
    let mut call = reading(from, "info");
    add(
        &mut call,
        "-map 0:v:0 -an -sn -dn -frames:v 1 -threads 1 -c:v mjpeg -q:v 4 -pix_fmt yuvj420p -f image2pipe pipe:1",
    );
    call
}

fn reading(from: &Path, loglevel: &str) -> Arguments {
    let mut call = Vec::new();
    add(&mut call, "-hide_banner -nostdin -y -filter_threads 1 -max_alloc");
    add(&mut call, LARGEST_ALLOCATION);
    add(&mut call, "-loglevel");
    add(&mut call, loglevel);
    add(&mut call, "-protocol_whitelist file -format_whitelist");
    add(&mut call, CONTAINERS);
    add(&mut call, "-threads 1 -i");
    call.push(file(from));
    call
}

fn writing(mut call: Arguments, into: &Path, max_bytes: u64) -> Arguments {
    call.push("-fs".into());
    call.push(max_bytes.to_string().into());
    call.push(file(into));
    call
}

fn add(call: &mut Arguments, words: &str) {
    call.extend(words.split(' ').map(OsString::from));
}

/// With the protocol's name before it, no path is taken for an address or an option.
fn file(path: &Path) -> OsString {
    let mut named = OsString::from("file:");
    // A relative path works as well, should the working folder have gone.
    named.push(std::path::absolute(path).as_deref().map_or(path.as_os_str(), OsStr::new));
    named
}

/// Runs it to its end, and answers what it said. What it writes to standard output goes to `hear`, until that says no.
pub(super) async fn run(
    program: &Path,
    call: Arguments,
    within: Duration,
    mut hear: impl FnMut(&[u8]) -> bool,
) -> Result<String, Failure> {
    let mut child = Command::new(program)
        .args(call)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(Failure::NotStarted)?;
    let (output, words) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let ((), said) = tokio::join!(read(output, &mut hear), words_of(words));
        (child.wait().await, said)
    };
    match tokio::time::timeout(within, work).await {
        Ok((Ok(status), said)) if status.success() => Ok(said),
        Ok((Ok(_), said)) => Err(Failure::Refused(said)),
        Ok((Err(error), _)) => Err(Failure::NotStarted(error)),
        // The process is killed as it is dropped.
        Err(_) => Err(Failure::TooSlow),
    }
}

/// Reads to the end; once nobody wants to hear more, the other side finds its pipe closed.
async fn read(output: Option<impl AsyncRead + Unpin>, hear: &mut impl FnMut(&[u8]) -> bool) {
    let Some(mut output) = output else { return };
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = output.read(&mut piece).await {
        if !hear(&piece[..length]) {
            return;
        }
    }
}

/// The beginning of what it says; the rest is read away, so that it is not held up.
async fn words_of(output: Option<impl AsyncRead + Unpin>) -> String {
    let mut said = Vec::new();
    let mut keep = |piece: &[u8]| {
        said.extend_from_slice(&piece[..piece.len().min(MOST_WORDS - said.len())]);
        true
    };
    read(output, &mut keep).await;
    String::from_utf8_lossy(&said).into_owned()
}

/// How many seconds a file lasts, where ffmpeg says so: `Duration: 00:01:02.50`. What has begun counts.
pub(super) fn duration_in(said: &str) -> Option<u32> {
    let (_, behind) = said.split_once("Duration: ")?;
    let text = behind.split(',').next()?;
    let mut parts = text.split(':').map(str::trim);
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let seconds: f64 = seconds.parse().ok().filter(|it: &f64| it.is_finite())?;
    let whole =
        hours.parse::<u32>().ok()?.checked_mul(3600)?.checked_add(minutes.parse::<u32>().ok()?.checked_mul(60)?)?;
    whole.checked_add(seconds.clamp(0.0, 60.0).ceil() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_never_an_option_or_an_address() {
        for path in ["-f", "http://example.org/a", "concat:a|b", "/a b"] {
            let call = to_voice(Path::new(path), Path::new(path), 1);
            let named = call.iter().filter(|it| it.to_string_lossy().starts_with("file:/")).count();
            assert_eq!(named, 2, "{call:?}");
            assert!(!call.iter().any(|it| it == path && path != "-f"), "{call:?}");
        }
    }

    #[test]
    fn the_length_is_read_from_what_is_said() {
        for (said, seconds) in [
            ("Input #0\n  Duration: 00:00:02.04, start: 0.000000", Some(3)),
            ("Duration: 01:02:03.00, bitrate", Some(3723)),
            ("Duration: N/A, start", None),
            ("Duration: 99999999999:00:00.00,", None),
            ("Duration: 00:00:inf,", None),
            ("no such word", None),
        ] {
            assert_eq!(duration_in(said), seconds, "{said}");
        }
    }

    #[tokio::test]
    async fn a_process_that_does_not_end_is_killed_and_what_fails_says_so() {
        let call = |words: &str| words.split(' ').map(OsString::from).collect::<Vec<_>>();
        let never = run(Path::new("/bin/sleep"), call("600"), Duration::from_millis(50), |_| true).await;
        assert!(matches!(never, Err(Failure::TooSlow)), "{never:?}");
        let missing = run(Path::new("/nowhere/ffmpeg"), call("-version"), Duration::from_secs(9), |_| true).await;
        assert!(matches!(missing, Err(Failure::NotStarted(_))), "{missing:?}");
        let refused = run(Path::new("/bin/cat"), call("/nowhere/file"), Duration::from_secs(9), |_| true).await;
        assert!(matches!(&refused, Err(Failure::Refused(said)) if said.contains("/nowhere/file")), "{refused:?}");
        let mut heard = 0;
        let endless = run(Path::new("/bin/cat"), call("/dev/zero"), Duration::from_secs(9), |piece| {
            heard += piece.len();
            heard < 1_000_000
        });
        assert!(matches!(endless.await, Err(Failure::Refused(_))), "it ends once nobody listens any more");
    }
}
