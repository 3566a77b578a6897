//! Converting files, contract §1.5, and voice notes, §1.2. The real ffmpeg does the work: `./test` installs it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use openwa_core::{
    Settings,
    guard::NetworkPolicy,
    settings::{ConversionSettings, Ffmpeg},
};
use openwa_model::{
    content::{Media, OutgoingContent, Playback},
    ops::Command as Asked,
};
use serde_json::{Value, json};

use crate::{
    house::{ADA, House, Link, soon},
    pages::Pages,
};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

fn ffmpeg() -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|it| it.join("ffmpeg")).find(|it| it.exists());
    found.expect("ffmpeg is not installed; ./test installs it")
}

async fn house_with(adjust: impl FnOnce(&mut ConversionSettings)) -> House {
    let mut settings = Settings { network: NetworkPolicy::default().with_loopback(), ..Settings::default() };
    settings.conversion.ffmpeg = Ffmpeg::At(ffmpeg());
    adjust(&mut settings.conversion);
    House::open_behaving(settings).await
}

/// A tone of so many seconds, as a WAV file.
fn tone(seconds: u32) -> Vec<u8> {
    let samples = (0..seconds * 8000).map(|it| if it / 20 % 2 == 0 { 8000_i16 } else { -8000 });
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let length = data.len() as u32;
    let mut wav = b"RIFF".to_vec();
    wav.extend_from_slice(&(36 + length).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&8000_u32.to_le_bytes());
    wav.extend_from_slice(&16_000_u32.to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&length.to_le_bytes());
    wav.extend_from_slice(&data);
    wav
}

/// A film of two seconds, as an AVI file.
fn film(folder: &Path) -> Vec<u8> {
    let path = folder.join("film.avi");
    let made = Command::new(ffmpeg())
        .args(["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=321x241:rate=10:duration=2"])
        .args(["-f", "lavfi", "-i", "sine=duration=2", "-c:v", "mpeg4", "-c:a", "pcm_s16le"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    std::fs::read(path).unwrap()
}

/// The beginning of an Ogg file with Opus, and its end a second later.
fn voice_note() -> Vec<u8> {
    let page = |position: u64, packet: &[u8]| {
        let mut page = b"OggS\0\0".to_vec();
        page.extend_from_slice(&position.to_le_bytes());
        page.extend_from_slice(&[0; 12]);
        page.extend_from_slice(&[1, packet.len() as u8]);
        page.extend_from_slice(packet);
        page
    };
    [page(0, b"OpusHead\x01\x01\0\0\0\0\0\0\0\0\0"), page(48_000 * 7, &[0; 50])].concat()
}

async fn sent(link: &mut Link) -> (Media, Option<Playback>) {
    let Asked::SendMessage(it) = soon("a send", link.asked.recv()).await.unwrap() else { panic!("not a send") };
    let OutgoingContent::Media { media, playback, .. } = it.0.content else { panic!("not a file") };
    (media, playback.map(|it| *it))
}

fn encoded(bytes: &[u8]) -> Value {
    json!({"base64": BASE64_STANDARD.encode(bytes)})
}

#[tokio::test]
async fn without_ffmpeg_nothing_is_converted_and_the_answer_says_what_is_missing() {
    for (ffmpeg, words) in [
        (Ffmpeg::NotFound, "Install ffmpeg or set FFMPEG_PATH"),
        (Ffmpeg::SwitchedOff, "Set MEDIA_CONVERSION_ENABLED=true to enable it."),
    ] {
        let house = house_with(|it| it.ffmpeg = ffmpeg).await;
        let (id, mut link) = house.ready("main").await;
        let path = format!("/api/sessions/{id}/media/convert");
        assert_eq!(house.get(&path).await.good(200), json!({"available": false}));
        for kind in ["voice", "video"] {
            let answer = house.post(&format!("{path}/{kind}"), encoded(&tone(1))).await;
            assert!(answer.failed(503).contains(words), "{}", answer.text);
            assert_eq!(answer.body["code"], "CONVERSION_UNAVAILABLE");
            assert_eq!(answer.header("retry-after"), None, "it will not be there in a second either");
        }
        // A voice note that is one needs nothing; one that is not is refused before it is stored.
        let send = format!("/api/sessions/{id}/messages/send-audio");
        let note = json!({"chatId": ADA, "ptt": true, "base64": BASE64_STANDARD.encode(voice_note())});
        house.post(&send, note).await.good(201);
        let (media, playback) = sent(&mut link).await;
        assert_eq!(media.mimetype, "audio/ogg; codecs=opus");
        assert_eq!(playback, Some(Playback { seconds: Some(7), ..Playback::default() }));
        let other = json!({"chatId": ADA, "ptt": true, "base64": BASE64_STANDARD.encode(tone(1))});
        let answer = house.post(&send, other).await;
        assert!(answer.failed(503).contains("this file is audio/wav. Install ffmpeg"), "{}", answer.text);
        let sound = json!({"chatId": ADA, "mimetype": "audio/wav", "base64": BASE64_STANDARD.encode(tone(1))});
        house.post(&send, sound).await.good(201);
        assert_eq!(sent(&mut link).await.1, None, "a sound that is no voice note goes as it is");
        assert_eq!((house.unfinished_files(), house.kept_files()), (0, 2));
    }
}

#[tokio::test]
async fn a_sound_becomes_a_voice_note() {
    let house = house_with(|_| {}).await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/media/convert");
    assert_eq!(house.get(&path).await.good(200), json!({"available": true}));
    let check = |converted: Value| {
        assert_eq!(converted["mimetype"], "audio/ogg; codecs=opus");
        let bytes = BASE64_STANDARD.decode(converted["base64"].as_str().unwrap()).unwrap();
        assert_eq!(converted["bytes"], bytes.len());
        assert!(bytes.starts_with(b"OggS") && bytes[28..].starts_with(b"OpusHead"));
    };
    check(house.post(&format!("{path}/voice"), encoded(&tone(2))).await.good(200));
    let raw = house.request("POST", &format!("{path}/voice")).header("Content-Type", "audio/wav").body(tone(60));
    check(house.answer(raw).await.good(200));
    let wav = tone(1);
    let pages = Pages::serve(&[("/a.wav", "200 OK", &wav)]).await;
    check(house.post(&format!("{path}/voice"), json!({"url": pages.url("/a.wav")})).await.good(200));

    // A voice note is made by the send itself, with what a chat shows of it.
    let send = format!("/api/sessions/{id}/messages/send-audio");
    let note = json!({"chatId": ADA, "ptt": true, "base64": BASE64_STANDARD.encode(tone(2))});
    let answer = house.post(&send, note).await.good(201);
    let (media, playback) = sent(&mut link).await;
    assert_eq!(media.mimetype, "audio/ogg; codecs=opus");
    let playback = playback.unwrap();
    let waveform = playback.waveform.unwrap();
    assert!(waveform.len() == 64 && waveform.iter().all(|it| *it <= 100) && waveform[32] > 50, "{waveform:?}");
    assert!(matches!(playback.seconds, Some(2 | 3)), "{:?}", playback.seconds);
    let stored = format!("/api/sessions/{id}/messages/{ADA}/{}/media", answer["messageId"].as_str().unwrap());
    assert!(house.get(&stored).await.text.starts_with("OggS"));
    // Without ptt it goes as it is, and says how long it is.
    let sound = json!({"chatId": ADA, "mimetype": "audio/wav", "base64": BASE64_STANDARD.encode(tone(2))});
    house.post(&send, sound).await.good(201);
    let (media, playback) = sent(&mut link).await;
    assert_eq!((media.mimetype.as_str(), playback.unwrap().seconds), ("audio/wav", Some(2)));
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 2));
}

#[tokio::test]
async fn a_film_becomes_one_that_every_client_plays() {
    let folder = tempfile::tempdir().unwrap();
    let film = film(folder.path());
    let house = house_with(|_| {}).await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/media/convert");
    let converted = house.post(&format!("{path}/video"), encoded(&film)).await.good(200);
    assert_eq!(converted["mimetype"], "video/mp4");
    let mp4 = BASE64_STANDARD.decode(converted["base64"].as_str().unwrap()).unwrap();
    assert!(mp4[4..].starts_with(b"ftyp"));
    let place = |of: &[u8]| mp4.windows(4).position(|it| it == of).unwrap();
    assert!(place(b"moov") < place(b"mdat"), "it can be played before it is whole");
    // Its sound is a sound.
    house.post(&format!("{path}/voice"), encoded(&film)).await.good(200);

    let video = json!({"chatId": ADA, "mimetype": "video/mp4", "base64": converted["base64"]});
    house.post(&format!("/api/sessions/{id}/messages/send-video"), video).await.good(201);
    let playback = sent(&mut link).await.1.unwrap();
    assert_eq!((playback.dimensions, playback.seconds), (Some((320, 240)), Some(2)));
    assert!(playback.thumbnail.unwrap().starts_with(b"\xff\xd8\xff"));
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 1));
}

#[tokio::test]
async fn a_file_cannot_make_ffmpeg_open_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.wav");
    std::fs::write(&secret, tone(1)).unwrap();
    let secret = secret.display().to_string();
    let wav = tone(1);
    let pages = Pages::serve(&[("/secret.wav", "200 OK\r\nContent-Type: audio/wav", &wav)]).await;
    let house = house_with(|_| {}).await;
    let (id, mut link) = house.ready("main").await;
    for text in [
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n"),
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n", pages.url("/secret.wav")),
        format!("ffconcat version 1.0\nfile '{secret}'\n"),
        format!("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\na=control:{secret}\n"),
        format!(
            "<?xml version=\"1.0\"?><MPD><Period><AdaptationSet><Representation><BaseURL>{secret}</BaseURL>\
                 </Representation></AdaptationSet></Period></MPD>"
        ),
        secret.clone(),
    ] {
        for kind in ["voice", "video"] {
            let path = format!("/api/sessions/{id}/media/convert/{kind}");
            let answer = house.post(&path, encoded(text.as_bytes())).await;
            assert!(answer.failed(400).starts_with("Media could not be converted"), "{text}: {}", answer.text);
            assert_eq!(answer.body["code"], "MEDIA_NOT_CONVERTIBLE");
            assert!(!answer.text.contains(folder.path().to_str().unwrap()), "no path is told: {}", answer.text);
        }
        let note = json!({
            "chatId": ADA, "ptt": true, "mimetype": "audio/mpeg", "base64": BASE64_STANDARD.encode(&text),
        });
        house.post(&format!("/api/sessions/{id}/messages/send-audio"), note).await.failed(400);
    }
    assert_eq!(pages.asked(), [""; 0], "nothing was asked for");
    assert!(link.asked.try_recv().is_err(), "nothing was sent");
    assert_eq!((house.unfinished_files(), house.kept_files()), (0, 0));
}

#[tokio::test]
async fn a_conversion_is_bounded_in_size_time_and_number() {
    let house = house_with(|it| it.max_output_bytes = 2000).await;
    let id = house.session("main").await;
    let answer = house.post(&format!("/api/sessions/{id}/media/convert/voice"), encoded(&tone(30))).await;
    answer.failed(413);
    assert_eq!(answer.body["code"], "MEDIA_TOO_LARGE");

    let house = house_with(|it| it.timeout = Duration::from_millis(1)).await;
    let id = house.session("main").await;
    let answer = house.post(&format!("/api/sessions/{id}/media/convert/voice"), encoded(&tone(30))).await;
    assert_eq!(answer.failed(400), "Media could not be converted: it takes longer than 1ms");
    assert_eq!(house.unfinished_files(), 0);

    let house = house_with(|it| it.ffmpeg = Ffmpeg::At("/nowhere/ffmpeg".into())).await;
    let id = house.session("main").await;
    let answer = house.post(&format!("/api/sessions/{id}/media/convert/voice"), encoded(&tone(1))).await;
    assert!(answer.failed(503).contains("FFMPEG_PATH"), "{}", answer.text);
}

#[tokio::test]
async fn what_to_convert_has_to_be_said() {
    let house = house_with(|_| {}).await;
    let id = house.session("main").await;
    let path = format!("/api/sessions/{id}/media/convert/voice");
    for (body, sentence) in [
        (json!({}), "Exactly one of url or base64 must be provided"),
        (json!({"url": "https://example.org/a", "base64": "AAAA"}), "Exactly one of url or base64 must be provided"),
        (json!({"base64": "!"}), "base64 must be base64 encoded"),
        (json!({"base64": ""}), "The media file is empty"),
        (json!({"data": "AAAA"}), "property data should not exist"),
    ] {
        assert_eq!(house.post(&path, body).await.failed(400), sentence);
    }
    let answer = house.post(&path, json!({"url": "http://169.254.169.254/latest"})).await;
    answer.failed(400);
    assert_eq!(answer.body["code"], "ADDRESS_REFUSED");
    for kind in ["voice", "video"] {
        house.post(&format!("/api/sessions/{NOBODY}/media/convert/{kind}"), encoded(&tone(1))).await.failed(404);
    }
    house.get(&format!("/api/sessions/{NOBODY}/media/convert")).await.failed(404);
    assert_eq!(house.unfinished_files(), 0);
}
