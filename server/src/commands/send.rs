//! `openwa send`.

use std::{
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use openwa_client::raw::{Call, Keyed, Method};
use serde_json::{Map, Value, json};

use super::{
    connection::{Gateway, call},
    failure::CommandError,
    names,
    output::{Output, cell},
    progress,
    shared::{Shared, WhichSession},
};
use crate::environment::Environment;

/// The longest text that is read from standard input; the gateway says what it takes of it.
const LONGEST_TEXT: u64 = 64 * 1024;

#[derive(Debug, Args)]
pub(crate) struct SendFlags {
    #[command(flatten)]
    shared: Shared,
    #[command(flatten)]
    which: WhichSession,
    /// A number with its country code, or the id of a chat such as 120363000000000000@g.us
    to: String,
    /// The text, or the caption of the file; - reads it from standard input
    text: Option<String>,
    #[command(flatten)]
    file: FileFlags,
    /// The message of this chat that is answered
    #[arg(long, value_name = "MESSAGE")]
    reply_to: Option<String>,
    /// Send it once, however often this is called with the same key
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// A path on this machine, or an address from which the gateway fetches the file.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct FileFlags {
    /// Send this picture
    #[arg(long, value_name = "FILE|URL")]
    image: Option<String>,
    /// Send this video
    #[arg(long, value_name = "FILE|URL")]
    video: Option<String>,
    /// Send this sound
    #[arg(long, value_name = "FILE|URL")]
    audio: Option<String>,
    /// Send this sound as a voice note: Ogg with Opus
    #[arg(long, value_name = "FILE|URL")]
    voice: Option<String>,
    /// Send this file as a document
    #[arg(long, value_name = "FILE|URL")]
    file: Option<String>,
}

/// How a file is shown to who receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Image,
    Video,
    Audio,
    Voice,
    Document,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Self::Image => "/api/sessions/{sessionId}/messages/send-image",
            Self::Video => "/api/sessions/{sessionId}/messages/send-video",
            Self::Audio | Self::Voice => "/api/sessions/{sessionId}/messages/send-audio",
            Self::Document => "/api/sessions/{sessionId}/messages/send-document",
        }
    }
}

impl FileFlags {
    fn chosen(self) -> Option<(Kind, String)> {
        let Self { image, video, audio, voice, file } = self;
        let all = [
            (Kind::Image, image),
            (Kind::Video, video),
            (Kind::Audio, audio),
            (Kind::Voice, voice),
            (Kind::Document, file),
        ];
        all.into_iter().find_map(|(kind, source)| Some((kind, source?)))
    }
}

pub(crate) async fn run(flags: SendFlags, environment: &Environment) -> Result<(), CommandError> {
    let SendFlags { shared, which, to, text, file, reply_to, idempotency_key } = flags;
    let gateway = Gateway::find(&shared, environment)?;
    let output = Output::new(shared.json);
    let chat = names::chat(&to)?;
    let file = file.chosen();
    let text = read_text(text, file.is_some())?;
    if text.is_none() && file.is_none() {
        return Err(CommandError::usage("there is nothing to send: give a text or a file"));
    }
    let session = names::session(&gateway, which.session.as_deref()).await?;
    let key = idempotency_key.map_or(Keyed::Fresh, Keyed::Given);

    let to = names::id(&session);
    let answer = match file {
        None => {
            let fields = fields(&chat, [("text", text), ("quotedMessageId", reply_to)]);
            let call = call(Method::POST, "/api/sessions/{sessionId}/messages/send-text", &[to])?;
            gateway.ask(call.json(Value::Object(fields).to_string()).keyed(key)).await?
        }
        Some((kind, source)) => {
            let mut fields = fields(&chat, [("caption", text), ("quotedMessageId", reply_to)]);
            if kind == Kind::Voice {
                fields.insert("ptt".to_owned(), json!(true));
            }
            let call = call(Method::POST, kind.path(), &[to])?.keyed(key);
            send_file(&gateway, output, call, fields, &source).await?
        }
    };
    match output.is_json() {
        true => output.document(&answer),
        false => output.line(&format!("Sent to {chat} as {}", cell(&answer["messageId"]))),
    }
}

async fn send_file(
    gateway: &Gateway,
    output: Output,
    call: Call,
    mut fields: Map<String, Value>,
    source: &str,
) -> Result<Value, CommandError> {
    if source.starts_with("http://") || source.starts_with("https://") {
        fields.insert("url".to_owned(), json!(source));
        return gateway.ask(call.json(Value::Object(fields).to_string())).await;
    }
    let path = PathBuf::from(source);
    if path == Path::new("-") {
        return Err(CommandError::usage("a file is read from a path, not from standard input"));
    }
    let (upload, bar) = progress::upload(output, &path).await?;
    let fields = fields.into_iter().map(|(name, value)| match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    });
    let sent = gateway.ask(call.upload(fields.collect(), upload)).await;
    bar.finish_and_clear();
    sent
}

fn fields<const N: usize>(chat: &str, further: [(&str, Option<String>); N]) -> Map<String, Value> {
    let further = further.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
    [("chatId".to_owned(), json!(chat))].into_iter().chain(further).collect()
}

/// The text as it was given, or from standard input where that is meant.
fn read_text(given: Option<String>, has_file: bool) -> Result<Option<String>, CommandError> {
    let is_piped = match given.as_deref() {
        Some("-") => true,
        None => !has_file && !io::stdin().is_terminal(),
        Some(_) => false,
    };
    if !is_piped {
        return Ok(given);
    }
    let mut text = String::new();
    io::stdin().take(LONGEST_TEXT).read_to_string(&mut text)?;
    let text = text.trim_end_matches(['\r', '\n']);
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
