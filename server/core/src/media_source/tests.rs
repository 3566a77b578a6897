use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use base64::Engine as _;
use openwa_files::LocalFiles;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};

use super::*;
use crate::http::Clients;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";
const MAX: u64 = 1000;

/// Answers each path with what is written for it, head and body.
struct Host {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Host {
    async fn start(pages: impl Fn(&str) -> HashMap<&'static str, Vec<u8>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let pages = Arc::new(pages(&format!("http://{address}")));
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let pages = pages.clone();
                tokio::spawn(async move {
                    let mut socket = BufReader::new(socket);
                    let mut line = String::new();
                    socket.read_line(&mut line).await.unwrap();
                    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                    while socket.read_line(&mut line).await.is_ok_and(|it| it > 2) {}
                    let path = path.split('?').next().unwrap_or_default();
                    _ = socket.get_mut().write_all(pages.get(path).map_or(b"", Vec::as_slice)).await;
                });
            }
        });
        Self { address, serving }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn page(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes(), body].concat()
}

struct Door {
    folder: TempDir,
    files: LocalFiles,
    network: NetworkPolicy,
    types: MediaTypes,
    clients: Clients,
}

impl Door {
    async fn open(network: NetworkPolicy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = LocalFiles::open(folder.path()).await.unwrap();
        let clients = Clients::new(&network, Duration::from_secs(10)).unwrap();
        Self { folder, files, network, types: MediaTypes::ALL, clients }
    }

    async fn take(&self, source: MediaSource, described: Described) -> Result<(Media, Vec<u8>), GatewayError> {
        let Self { network, files, types, .. } = self;
        let intake = Intake { client: &self.clients.media, network, files, types, max_bytes: MAX };
        let media = intake.keep(intake.bring(source, described).await?).await?;
        let path = self.files.local(media.file.as_ref().unwrap()).await.unwrap().unwrap();
        Ok((media, fs::read(path).await.unwrap()))
    }

    /// Whether a file that was begun has stayed.
    fn leftovers(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("spool")).unwrap().count()
    }
}

fn described(kind: MessageKind) -> Described {
    Described { kind, mimetype: None, filename: None }
}

fn base64(text: &str) -> MediaSource {
    MediaSource::Base64(text.to_owned())
}

#[tokio::test]
async fn base64_is_taken_in_its_usual_spellings() {
    let door = Door::open(NetworkPolicy::default()).await;
    for (text, bytes) in [
        ("aGVsbG8=", b"hello".as_slice()),
        ("aGVsbG8", b"hello"),
        ("aGVs\r\nbG8=\n", b"hello"),
        ("data:text/plain;base64,aGVsbG8=", b"hello"),
        ("+/+/", b"\xfb\xff\xbf"),
        ("-_-_", b"\xfb\xff\xbf"),
    ] {
        let (media, kept) = door.take(base64(text), described(MessageKind::Document)).await.unwrap();
        assert_eq!((kept.as_slice(), media.size_bytes), (bytes, Some(bytes.len() as u64)), "{text}");
    }
    for text in ["a", "====", "aGVs!G8=", "aGVsbG8=aGVsbG8=", "aGVsbG", "data:text/plain,hello", "data:x"] {
        let refused = door.take(base64(text), described(MessageKind::Document)).await;
        assert!(matches!(refused, Err(GatewayError::InvalidInput(_))), "{text}: {refused:?}");
    }
    let empty = door.take(base64(""), described(MessageKind::Document)).await;
    assert!(matches!(empty, Err(GatewayError::InvalidInput(_))), "{empty:?}");
    assert_eq!(door.leftovers(), 0);
}

#[tokio::test]
async fn base64_in_pieces_reads_as_it_does_whole() {
    let door = Door::open(NetworkPolicy::default()).await;
    for (text, bytes) in [
        ("aGVsbG8=", Some(b"hello".as_slice())),
        ("data:text/plain;base64,aGVs\nbG8", Some(b"hello")),
        ("-_-_", Some(b"\xfb\xff\xbf")),
        ("data", Some(b"\x75\xab\x5a")),
        ("", Some(b"")),
        ("data:text/plain,hello", None),
        ("data:", None),
        ("aGVsbG8=aGVsbG8=", None),
        ("====", None),
        ("aGVs!G8=", None),
        ("a", None),
    ] {
        for size in [1, 2, 3, 5, 100] {
            let mut incoming = IncomingText::new(Incoming::begin(&door.files, MAX).await.unwrap());
            let mut written = Ok(());
            for piece in text.as_bytes().chunks(size) {
                written = written.and(incoming.write(piece).await);
            }
            let received = match written {
                Ok(()) => incoming.finish().await,
                Err(error) => Err(error),
            };
            match (received, bytes) {
                (Ok(received), Some(bytes)) => {
                    let (unfinished, learned) = received.into_parts();
                    assert_eq!(fs::read(unfinished.path()).await.unwrap(), bytes, "{text} by {size}");
                    let said = text.starts_with("data:").then_some("text/plain");
                    assert_eq!(learned.mimetype.as_deref(), said, "{text} by {size}");
                }
                (Err(GatewayError::InvalidInput(_)), None) => {}
                (other, _) => panic!("{text} by {size}: {other:?}"),
            }
        }
    }
    assert_eq!(door.leftovers(), 0);
}

#[tokio::test]
async fn a_large_file_is_the_same_in_all_its_chunks_and_one_byte_more_is_too_large() {
    let door = Door::open(NetworkPolicy::default()).await;
    let encode = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
    let full: Vec<u8> = (0..MAX).map(|it| (it % 251) as u8).collect();
    let (_, kept) = door.take(base64(&encode(&full)), described(MessageKind::Image)).await.unwrap();
    assert_eq!(kept, full);
    let more = vec![0; full.len() + 1];
    let refused = door.take(base64(&encode(&more)), described(MessageKind::Image)).await;
    assert!(matches!(refused, Err(GatewayError::MediaTooLarge { max: MAX })), "{refused:?}");
    assert_eq!(door.leftovers(), 0);

    // Decoding goes on across chunks that whitespace has shifted.
    let door = Door::open(NetworkPolicy::default()).await;
    let large: Vec<u8> = (0..200_000_u32).map(|it| (it % 251) as u8).collect();
    let lines: String =
        encode(&large).as_bytes().chunks(76).flat_map(|it| [it, b"\r\n"].concat()).map(char::from).collect();
    let intake = Intake {
        client: &door.clients.media,
        network: &door.network,
        files: &door.files,
        types: &door.types,
        max_bytes: large.len() as u64,
    };
    let brought = intake.bring(base64(&lines), described(MessageKind::Video)).await.unwrap();
    let media = intake.keep(brought).await.unwrap();
    let path = door.files.local(media.file.as_ref().unwrap()).await.unwrap().unwrap();
    assert_eq!(fs::read(path).await.unwrap(), large);
}

#[tokio::test]
async fn only_permitted_types_are_taken() {
    let mut door = Door::open(NetworkPolicy::default()).await;
    door.types = MediaTypes::parse("image/*, application/zip").unwrap();
    let png = base64::prelude::BASE64_STANDARD.encode(PNG);
    let said = |kind: &str| Described { mimetype: Some(kind.to_owned()), ..described(MessageKind::Document) };
    for (text, described, refused) in [
        (png.as_str(), described(MessageKind::Image), None),
        (&png, said("image/jpeg"), None),
        (&png, said("application/zip"), None),
        (&png, said("application/pdf"), Some("application/pdf")),
        // Ogg that is called a picture.
        ("T2dnUwAA", said("image/png"), Some("audio/ogg")),
        ("aGVsbG8=", described(MessageKind::Document), Some("application/octet-stream")),
    ] {
        match (door.take(base64(text), described).await, refused) {
            (Ok(_), None) => {}
            (Err(GatewayError::MediaTypeNotAllowed(found)), Some(expected)) => assert_eq!(found, expected),
            (other, expected) => panic!("{other:?} instead of {expected:?}"),
        }
    }
    assert_eq!(door.leftovers(), 0);
}

#[tokio::test]
async fn a_received_file_is_taken_over_and_one_that_is_too_large_or_given_up_removed() {
    let door = Door::open(NetworkPolicy::default()).await;
    let mut incoming = Incoming::begin(&door.files, MAX).await.unwrap();
    for piece in PNG.chunks(5) {
        incoming.write(piece).await.unwrap();
    }
    let said = Some("application/octet-stream".to_owned());
    let received = incoming.finish(said, Some("../a/picture.bin")).await.unwrap();
    let (media, kept) = door.take(MediaSource::Received(received), described(MessageKind::Image)).await.unwrap();
    assert_eq!((kept.as_slice(), media.filename.as_deref()), (PNG, Some("picture.bin")));
    assert_eq!(media.size_bytes, Some(PNG.len() as u64));

    let mut incoming = Incoming::begin(&door.files, MAX).await.unwrap();
    incoming.write(&vec![0; MAX as usize]).await.unwrap();
    let refused = incoming.write(&[0]).await;
    assert!(matches!(refused, Err(GatewayError::MediaTooLarge { max: MAX })), "{refused:?}");
    drop(incoming);
    // What may be received may still be too much for the engine.
    let mut incoming = Incoming::begin(&door.files, 2 * MAX).await.unwrap();
    incoming.write(&vec![0; MAX as usize + 1]).await.unwrap();
    let received = incoming.finish(None, None).await.unwrap();
    let refused = door.take(MediaSource::Received(received), described(MessageKind::Image)).await;
    assert!(matches!(refused, Err(GatewayError::MediaTooLarge { .. })), "{refused:?}");
    assert_eq!(door.leftovers(), 0);
}

#[tokio::test]
async fn a_fetched_file_gets_its_name_and_type_from_the_host() {
    let host = Host::start(|own| {
        HashMap::from([
            ("/typed", page("200 OK\r\nContent-Type: Image/PNG", PNG)),
            ("/picture.webp", page("200 OK", b"x")),
            ("/nothing", page("200 OK\r\nContent-Type: application/octet-stream", PNG)),
            ("/nothing.pdf", page("200 OK\r\nContent-Type: application/octet-stream", b"x")),
            (
                "/named",
                page(
                    "200 OK\r\nContent-Disposition: attachment; filename=\"a.txt\"; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt",
                    b"x",
                ),
            ),
            ("/there", page("302 Found\r\nLocation: /typed?again", b"")),
            ("/absolute", page(&format!("301 Moved\r\nLocation: {own}/typed"), b"")),
        ])
    })
    .await;
    let door = Door::open(NetworkPolicy::default().with_loopback()).await;
    for (path, kind, mimetype, filename) in [
        ("/typed", MessageKind::Image, "image/png", None),
        ("/typed", MessageKind::Document, "image/png", Some("document.png")),
        ("/picture.webp?x=/y.png", MessageKind::Image, "image/webp", Some("picture.webp")),
        ("/nothing", MessageKind::Image, "image/png", None),
        ("/nothing.pdf", MessageKind::Document, "application/pdf", Some("nothing.pdf")),
        ("/named", MessageKind::Document, "text/plain", Some("grüße.txt")),
        ("/there", MessageKind::Image, "image/png", None),
        ("/absolute", MessageKind::Image, "image/png", None),
    ] {
        let (media, _) = door.take(MediaSource::Url(host.url(path)), described(kind)).await.unwrap();
        assert_eq!((media.mimetype.as_str(), media.filename.as_deref()), (mimetype, filename), "{path}");
    }
    let said = Described {
        kind: MessageKind::Voice,
        mimetype: Some("Audio/OGG; codecs=opus".into()),
        filename: Some("../../etc/note\0.ogg".into()),
    };
    let (media, _) = door.take(MediaSource::Url(host.url("/typed")), said).await.unwrap();
    assert_eq!((media.mimetype.as_str(), media.filename.as_deref()), ("audio/ogg; codecs=opus", Some("note.ogg")));
}

#[tokio::test]
async fn what_cannot_be_fetched_is_told_and_leaves_nothing() {
    let host = Host::start(|own| {
        HashMap::from([
            ("/missing", page("404 Not Found", b"")),
            ("/declared", page("200 OK\r\nContent-Length: 1001", b"x")),
            ("/undeclared", page("200 OK", &[b'x'; MAX as usize + 1])),
            ("/empty", page("200 OK", b"")),
            ("/cut", page("200 OK\r\nContent-Length: 100", b"x")),
            ("/round", page(&format!("302 Found\r\nLocation: {own}/round"), b"")),
            ("/inside", page("302 Found\r\nLocation: http://169.254.169.254/latest", b"")),
            ("/scheme", page("302 Found\r\nLocation: file:///etc/passwd", b"")),
        ])
    })
    .await;
    let door = Door::open(NetworkPolicy::default().with_loopback()).await;
    for (path, said) in [
        ("/missing", "Media could not be fetched: the host answered 404"),
        ("/hangs-up", "Media could not be fetched: the connection broke"),
        ("/declared", "Media exceeds the maximum of 1000 bytes"),
        ("/undeclared", "Media exceeds the maximum of 1000 bytes"),
        ("/empty", "The media file is empty"),
        ("/cut", "Media could not be fetched: the connection broke"),
        ("/round", "Media could not be fetched: the host redirected more than 5 times"),
        ("/inside", "Address is not allowed: 169.254.169.254 is private or reserved"),
        ("/scheme", "url must start with http:// or https://"),
    ] {
        let error = door.take(MediaSource::Url(host.url(path)), described(MessageKind::Image)).await.unwrap_err();
        assert!(error.to_string().starts_with(said), "{path}: {error}");
        assert_eq!(door.leftovers(), 0, "{path}");
    }

    let strict = Door::open(NetworkPolicy::default()).await;
    for url in [host.url("/typed"), host.url("/typed").replace("127.0.0.1", "localhost")] {
        let refused = strict.take(MediaSource::Url(url), described(MessageKind::Image)).await;
        assert!(matches!(refused, Err(GatewayError::AddressRefused(_))), "{refused:?}");
    }
}
