//! Answers GET requests with recorded bodies, as fast as a socket allows, so that in a comparison of clients the
//! client is what is slow.
//!
//! `recorded FOLDER` reads `index.json` there, an object of path and query to file name, and serves those files as
//! JSON on a free port of 127.0.0.1, which it prints.

use std::{collections::HashMap, io, path::Path, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The head of a request; the clients under measurement send a few hundred bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// By request target, the whole answer: head and body.
type Answers = HashMap<Vec<u8>, Vec<u8>>;

#[tokio::main]
async fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).ok_or_else(|| io::Error::other("usage: recorded FOLDER"))?;
    let answers = Arc::new(read(Path::new(&folder))?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("recorded is listening on http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let answers = answers.clone();
        // What a client does wrong ends its connection and nothing else.
        tokio::spawn(async move { serve(socket, &answers).await });
    }
}

fn read(folder: &Path) -> io::Result<Answers> {
    let index: HashMap<String, String> = serde_json::from_slice(&std::fs::read(folder.join("index.json"))?)?;
    let answer = |(target, file): (String, String)| {
        let body = std::fs::read(folder.join(file))?;
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        Ok((target.into_bytes(), [head.into_bytes(), body].concat()))
    };
    index.into_iter().map(answer).collect()
}

async fn serve(mut socket: TcpStream, answers: &Answers) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(LONGEST_HEAD);
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|it| it == b"\r\n\r\n") {
                break end + 4;
            }
            if buffer.len() > LONGEST_HEAD || socket.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        // `GET /path?query HTTP/1.1`; GET has no body, so the next request begins where the head ends.
        let target = buffer.split(|it| *it == b' ').nth(1).unwrap_or_default();
        match answers.get(target) {
            Some(answer) => socket.write_all(answer).await?,
            None => socket.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await?,
        }
        buffer.drain(..end);
    }
}
