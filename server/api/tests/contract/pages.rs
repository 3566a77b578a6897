//! A host on this machine that answers each path with what is written for it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};

pub(crate) struct Pages {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Pages {
    /// Serves these: path, head without its first line's version, body. A path that is not among them hangs.
    pub(crate) async fn serve(pages: &[(&'static str, &'static str, &[u8])]) -> Self {
        let whole = |(path, head, body): &(&'static str, &str, &[u8])| {
            (*path, [format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes(), body].concat())
        };
        let pages: Arc<HashMap<_, _>> = Arc::new(pages.iter().map(whole).collect());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let serving = tokio::spawn({
            let asked = asked.clone();
            async move {
                while let Ok((socket, _)) = listener.accept().await {
                    let (pages, asked) = (pages.clone(), asked.clone());
                    tokio::spawn(async move {
                        let mut socket = BufReader::new(socket);
                        let mut line = String::new();
                        socket.read_line(&mut line).await.unwrap();
                        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                        while socket.read_line(&mut line).await.is_ok_and(|it| it > 2) {}
                        asked.lock().unwrap().push(path.clone());
                        match pages.get(path.as_str()) {
                            Some(page) => _ = socket.get_mut().write_all(page).await,
                            None => std::future::pending().await,
                        }
                    });
                }
            }
        });
        Self { address, asked, serving }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Which paths were asked for, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
