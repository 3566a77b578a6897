//! A session behind a proxy: link and files go through it, and nothing else does.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use openwa_model::engine::Exit;
use openwa_sandbox::phone::message::{MediaKind, Outgoing, OutgoingMedia, Traits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::house::{House, jid, writes};

/// A SOCKS5 proxy that wants `user` and `secret`, and counts whom it lets through.
async fn proxy() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let passed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&passed);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move { pass(client, &count).await });
        }
    });
    (port, passed)
}

async fn pass(mut client: TcpStream, count: &AtomicUsize) -> Option<()> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting).await.ok()?;
    let mut methods = vec![0; greeting[1].into()];
    client.read_exact(&mut methods).await.ok()?;
    client.write_all(&[5, 2]).await.ok()?;
    client.read_u8().await.ok()?;
    let (user, password) = (text(&mut client).await?, text(&mut client).await?);
    let known = (&*user, &*password) == ("user", "secret");
    client.write_all(&[1, u8::from(!known)]).await.ok()?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await.ok()?;
    let host = match request[3] {
        1 => {
            let mut address = [0; 4];
            client.read_exact(&mut address).await.ok()?;
            std::net::Ipv4Addr::from(address).to_string()
        }
        _ => text(&mut client).await?,
    };
    let port = client.read_u16().await.ok()?;
    let mut server = TcpStream::connect((host, port)).await.ok()?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    count.fetch_add(1, Ordering::SeqCst);
    copy_bidirectional(&mut client, &mut server).await.ok()?;
    Some(())
}

async fn text(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = vec![0; stream.read_u8().await.ok()?.into()];
    stream.read_exact(&mut bytes).await.ok()?;
    String::from_utf8(bytes).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn link_and_files_go_through_the_proxy_of_the_session() {
    let house = House::open().await;
    let (port, passed) = proxy().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.session_behind(&format!("socks5://user:secret@127.0.0.1:{port}")).await;
    ada.scan(&session.qr().await).unwrap();
    session.online().await;
    let linked = passed.load(Ordering::SeqCst);
    assert_eq!(linked, 2, "one connection to link, one after the restart");
    let picture = OutgoingMedia {
        kind: MediaKind::Document,
        bytes: vec![7; 500].into(),
        mimetype: "application/pdf".into(),
        file_name: None,
        caption: None,
        traits: Traits::default(),
    };
    let sent = writes(&bob, &jid(&ada), Outgoing::Media(picture), None).await;
    assert!(session.message(&sent).await.media.unwrap().file.is_some());
    assert!(passed.load(Ordering::SeqCst) > linked, "the file came the same way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_refuses_is_named_without_its_password() {
    let house = House::open().await;
    let (port, passed) = proxy().await;
    let session = house.session_behind(&format!("socks5://user:wrong@127.0.0.1:{port}")).await;
    let exit = session.ended().await;
    assert!(matches!(&exit, Exit::Dropped(why) if why.contains("user name or password")), "{exit:?}");
    assert!(!format!("{exit:?}").contains("wrong"));
    assert_eq!(passed.load(Ordering::SeqCst), 0);
}
