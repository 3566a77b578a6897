//! Sounds and films made into what WhatsApp plays, and what a chat shows of them before they are played.
//!
//! The work is ffmpeg's, as a process of its own (`ffmpeg`): it reads what strangers made. What an Ogg file says about
//! itself is read here (`ogg`).

mod ffmpeg;
pub(crate) mod ogg;
mod waveform;

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use openwa_model::content::Playback;
use tokio::sync::{Semaphore, SemaphorePermit};

use self::{ffmpeg::Failure, waveform::Loudness};
use crate::{
    error::GatewayError,
    pictures::Pictures,
    settings::{ConversionSettings, Ffmpeg},
};

/// What voice notes are.
pub(crate) const VOICE_NOTE: &str = "audio/ogg; codecs=opus";
/// What every client plays as a film.
pub(crate) const FILM: &str = "video/mp4";

/// For each conversion that runs, so many may wait.
const WAITING_FOR_EACH: usize = 4;
/// What is only shown may not hold up a send for longer.
const GLANCE: Duration = Duration::from_secs(10);
/// The first picture of a film, as it is and as it is shown.
const LARGEST_PICTURE: usize = 16 * 1024 * 1024;
const EDGE: u32 = 100;

/// Converts, a few files at a time.
pub(crate) struct Converter {
    settings: ConversionSettings,
    turns: Semaphore,
    waiting: AtomicUsize,
}

impl Converter {
    pub(crate) fn new(settings: ConversionSettings) -> Self {
        Self { turns: Semaphore::new(settings.at_once.max(1)), waiting: AtomicUsize::new(0), settings }
    }

    /// Whether there is anything to convert with.
    pub(crate) fn is_available(&self) -> bool {
        self.program().is_ok()
    }

    /// The same, and why not.
    pub(crate) fn check(&self) -> Result<(), GatewayError> {
        self.program().map(drop)
    }

    /// Why a voice note cannot be made of a file of this type here.
    pub(crate) fn missing(&self, kind: &str) -> GatewayError {
        GatewayError::ConversionUnavailable(format!(
            "A voice note is Ogg with Opus, and this file is {kind}. Install ffmpeg beside the gateway so that it is \
             converted, or send it without ptt."
        ))
    }

    fn program(&self) -> Result<&Path, GatewayError> {
        let why = match &self.settings.ffmpeg {
            Ffmpeg::At(path) => return Ok(path),
            Ffmpeg::NotFound => {
                "Media conversion needs ffmpeg, which was not found. Install ffmpeg or set FFMPEG_PATH, and restart the gateway."
            }
            Ffmpeg::SwitchedOff => "Media conversion is disabled. Set MEDIA_CONVERSION_ENABLED=true to enable it.",
        };
        Err(GatewayError::ConversionUnavailable(why.to_owned()))
    }

    /// Makes a voice note of the first sound in a file.
    pub(crate) async fn voice(&self, from: &Path, into: &Path) -> Result<(), GatewayError> {
        self.convert(ffmpeg::to_voice(from, into, self.settings.max_output_bytes), into, "sound").await
    }

    /// Makes a film that every client plays.
    pub(crate) async fn film(&self, from: &Path, into: &Path) -> Result<(), GatewayError> {
        self.convert(ffmpeg::to_film(from, into, self.settings.max_output_bytes), into, "film").await
    }

    async fn convert(&self, call: ffmpeg::Arguments, into: &Path, what: &str) -> Result<(), GatewayError> {
        let program = self.program()?;
        let _turn = self.turn().await?;
        let within = self.settings.timeout;
        let not_convertible = |why: String| GatewayError::NotConvertible(why);
        match ffmpeg::run(program, call, within, |_| true).await {
            Ok(_) => {}
            Err(Failure::NotStarted(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "ffmpeg could not be started");
                let sentence = "ffmpeg could not be started. Check that FFMPEG_PATH names a program that runs.";
                return Err(GatewayError::ConversionUnavailable(sentence.to_owned()));
            }
            Err(Failure::TooSlow) => return Err(not_convertible(format!("it takes longer than {within:?}"))),
            Err(Failure::Refused(said)) => {
                tracing::debug!(ffmpeg.said = said, "a file could not be converted");
                return Err(not_convertible(format!("the file holds no {what} that can be read")));
            }
        }
        // The writer stops at the limit; what it wrote until then is not the whole.
        let written = tokio::fs::metadata(into).await.map(|it| it.len()).unwrap_or_default();
        match written {
            0 => Err(not_convertible(format!("the file holds no {what} that can be read"))),
            it if it >= self.settings.max_output_bytes => {
                Err(GatewayError::MediaTooLarge { max: self.settings.max_output_bytes })
            }
            _ => Ok(()),
        }
    }

    /// How long a sound lasts and how loud it is over its length. Nothing, when that cannot be found out.
    pub(crate) async fn listen(&self, path: &Path) -> Option<Playback> {
        let program = self.program().ok()?;
        let _turn = self.turn().await.ok()?;
        let mut loudness = Loudness::default();
        let heard = ffmpeg::run(program, ffmpeg::to_samples(path), GLANCE, |bytes| loudness.hear(bytes)).await;
        heard.ok()?;
        let (seconds, waveform) = loudness.result()?;
        Some(Playback { seconds: Some(seconds), waveform: Some(waveform), ..Playback::default() })
    }

    /// How long a film lasts, how large its pictures are, and the first of them. Nothing, when that cannot be found out.
    pub(crate) async fn look(&self, path: &Path, pictures: &Pictures) -> Option<Playback> {
        let program = self.program().ok()?;
        let _turn = self.turn().await.ok()?;
        let mut jpeg = Vec::new();
        let seen = ffmpeg::run(program, ffmpeg::to_first_picture(path), GLANCE, |bytes| {
            jpeg.extend_from_slice(bytes);
            jpeg.len() <= LARGEST_PICTURE
        });
        let said = seen.await.ok()?;
        let dimensions = Pictures::dimensions(&jpeg);
        let thumbnail = pictures.thumbnail(jpeg, EDGE).await;
        Some(Playback { seconds: ffmpeg::duration_in(&said), waveform: None, thumbnail, dimensions })
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, GatewayError> {
        let waiting = Waiting::begin(&self.waiting);
        if waiting.before >= self.settings.at_once.max(1) * WAITING_FOR_EACH {
            return Err(GatewayError::ConversionBusy);
        }
        let turn = tokio::time::timeout(self.settings.timeout, self.turns.acquire()).await;
        // The semaphore is never closed.
        turn.ok().and_then(Result::ok).ok_or(GatewayError::ConversionBusy)
    }
}

/// One that waits for its turn, until it is dropped.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        Self { before: count.fetch_add(1, Ordering::Relaxed), count }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
