//! The library's HTTP: media up and down, through the session's proxy, or to the sandbox.
//!
//! The library streams synchronously, on threads made for blocking; the client underneath is
//! asynchronous and shared by all sessions with the same proxy.

use std::{
    collections::HashMap,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use reqwest::{Body, Client, Method, Response, header::CONTENT_LENGTH};
use tokio::{runtime::Handle, sync::mpsc};
use url::Url;
use wacore::net::{HttpClient, HttpRequest, HttpResponse, StreamingHttpResponse, UploadBody};
use whatsapp_rust::anyhow::{self, Context as _, bail};

use crate::proxy::Proxy;

/// Silence for this long ends a transfer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest answer that is read whole. What is longer is streamed.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// How much of an upload is in memory at a time, twice.
const CHUNK: usize = 64 * 1024;

/// One client for each proxy in use, and one for none.
#[derive(Default)]
pub(crate) struct Clients(Mutex<HashMap<Option<String>, Weak<Client>>>);

impl Clients {
    /// The client for a proxy, given with the text it was read from.
    pub(crate) fn of(
        &self,
        proxy: Option<(&str, &Proxy)>,
        tls: &Arc<rustls::ClientConfig>,
    ) -> Result<Arc<Client>, reqwest::Error> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = proxy.map(|(text, _)| text.to_owned());
        if let Some(client) = clients.get(&key).and_then(Weak::upgrade) {
            return Ok(client);
        }
        let mut builder = Client::builder()
            .tls_backend_preconfigured((**tls).clone())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .pool_max_idle_per_host(4)
            .no_proxy();
        if let Some((_, proxy)) = proxy {
            builder = builder.proxy(proxy.for_http_client()?);
        }
        let client = Arc::new(builder.build()?);
        clients.retain(|_, it| it.strong_count() > 0);
        clients.insert(key, Arc::downgrade(&client));
        Ok(client)
    }
}

/// What the library is given.
pub(crate) struct MediaHttp {
    pub(crate) client: Arc<Client>,
    /// Takes the place of every `https://<host>`.
    pub(crate) instead: Option<Url>,
}

impl MediaHttp {
    fn address(&self, text: &str) -> anyhow::Result<Url> {
        let url = Url::parse(text).context("the library asked for something that is no address")?;
        let Some(base) = &self.instead else { return Ok(url) };
        let mut moved = base.clone();
        moved.set_path(&format!("{}{}", base.path().trim_end_matches('/'), url.path()));
        moved.set_query(url.query());
        Ok(moved)
    }

    fn request(&self, request: &HttpRequest) -> anyhow::Result<reqwest::RequestBuilder> {
        let method = Method::from_bytes(request.method.as_bytes())?;
        let mut builder = self.client.request(method, self.address(&request.url)?);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        Ok(builder)
    }
}

async fn read_whole(mut response: Response) -> anyhow::Result<HttpResponse> {
    let status_code = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            bail!("the media server's answer is longer than {LONGEST_ANSWER} bytes");
        }
        body.extend_from_slice(&chunk);
    }
    Ok(HttpResponse { status_code, body })
}

#[async_trait]
impl HttpClient for MediaHttp {
    async fn execute(&self, request: HttpRequest) -> anyhow::Result<HttpResponse> {
        let mut builder = self.request(&request)?;
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        read_whole(builder.send().await?).await
    }

    fn supports_streaming(&self) -> bool {
        true
    }

    fn execute_streaming(&self, request: HttpRequest) -> anyhow::Result<StreamingHttpResponse> {
        let runtime = Handle::try_current()?;
        let response = runtime.block_on(self.request(&request)?.send())?;
        let status_code = response.status().as_u16();
        Ok(StreamingHttpResponse {
            status_code,
            body: Box::new(ResponseReader { runtime, response, chunk: Bytes::new() }),
        })
    }

    fn supports_upload_streaming(&self) -> bool {
        true
    }

    fn execute_upload(
        &self,
        request: HttpRequest,
        body: UploadBody,
        content_length: u64,
    ) -> anyhow::Result<HttpResponse> {
        let (sender, receiver) = mpsc::channel(1);
        let chunks = futures_util::stream::unfold(receiver, async |mut receiver: mpsc::Receiver<_>| {
            receiver.recv().await.map(|it| (it, receiver))
        });
        let sending =
            self.request(&request)?.header(CONTENT_LENGTH, content_length).body(Body::wrap_stream(chunks)).send();
        Handle::try_current()?.block_on(async {
            let (response, ()) = tokio::join!(sending, feed(body, sender));
            read_whole(response?).await
        })
    }
}

/// Hands a body over piece by piece. Reading blocks, which is what this thread is for.
async fn feed(mut body: UploadBody, sender: mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let mut chunk = vec![0; CHUNK];
        let piece = match body.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => {
                chunk.truncate(read);
                Ok(Bytes::from(chunk))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let last = piece.is_err();
        if sender.send(piece).await.is_err() || last {
            return;
        }
    }
}

/// An answer, read as the library reads: synchronously.
struct ResponseReader {
    runtime: Handle,
    response: Response,
    chunk: Bytes,
}

impl Read for ResponseReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.runtime.block_on(self.response.chunk()).map_err(io::Error::other)? {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(0),
            }
        }
        let read = buffer.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    fn http(instead: Option<&str>) -> MediaHttp {
        let tls = crate::tls::client_config().unwrap();
        let client = Clients::default().of(None, &tls).unwrap();
        MediaHttp { client, instead: instead.map(|it| it.parse().unwrap()) }
    }

    #[test]
    fn only_in_a_sandbox_addresses_are_moved() {
        let asked = "https://media.example:9/mms/image/x?auth=a&token=b";
        assert_eq!(http(None).address(asked).unwrap().as_str(), asked);
        for base in ["http://127.0.0.1:9080", "http://127.0.0.1:9080/"] {
            let moved = http(Some(base)).address(asked).unwrap();
            assert_eq!(moved.as_str(), "http://127.0.0.1:9080/mms/image/x?auth=a&token=b");
        }
    }

    #[test]
    fn sessions_with_one_proxy_share_one_client() {
        let (clients, tls) = (Clients::default(), crate::tls::client_config().unwrap());
        let (a, b) = ("http://127.0.0.1:1", "http://127.0.0.1:2");
        let (proxy_a, proxy_b) = (Proxy::parse(a).unwrap(), Proxy::parse(b).unwrap());
        let first = clients.of(Some((a, &proxy_a)), &tls).unwrap();
        let same = clients.of(Some((a, &proxy_a)), &tls).unwrap();
        let other = clients.of(Some((b, &proxy_b)), &tls).unwrap();
        assert!(Arc::ptr_eq(&first, &same) && !Arc::ptr_eq(&first, &other));
        drop((first, same));
        assert!(!Arc::ptr_eq(&clients.of(Some((a, &proxy_a)), &tls).unwrap(), &other));
    }

    /// Answers one request with its own head and body.
    async fn mirror(listener: TcpListener, body_length: usize) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut seen = vec![];
        while !seen.ends_with(b"\r\n\r\n") {
            seen.push(stream.read_u8().await.unwrap());
        }
        let mut body = vec![0; body_length];
        stream.read_exact(&mut body).await.unwrap();
        seen.extend(body);
        let head = format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n", seen.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&seen).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn bodies_are_streamed_both_ways_with_their_length() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let body = vec![b'x'; 3 * CHUNK + 5];
        let server = tokio::spawn(mirror(listener, body.len()));
        let sent = body.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let request = HttpRequest::post(format!("http://{address}/mms/x")).with_header("Origin", "o");
            http(None).execute_upload(request, Box::new(io::Cursor::new(sent.clone())), sent.len() as u64).unwrap()
        })
        .await
        .unwrap();
        server.await.unwrap();
        assert_eq!(answer.status_code, 404, "a refusal is an answer, not an error");
        let head = String::from_utf8_lossy(&answer.body).to_lowercase();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())) && !head.contains("chunked"));
        assert!(answer.body.ends_with(&body));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(mirror(listener, 0));
        let read = tokio::task::spawn_blocking(move || {
            let mut response = http(None).execute_streaming(HttpRequest::get(format!("http://{address}/m"))).unwrap();
            let mut text = String::new();
            response.body.read_to_string(&mut text).unwrap();
            text
        })
        .await
        .unwrap();
        server.await.unwrap();
        assert!(read.starts_with("GET /m HTTP/1.1\r\n"), "{read}");
    }
}
