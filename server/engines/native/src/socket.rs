//! A connection that hears the other side out.
//!
//! When WhatsApp ends a link it says why and hangs up. If this side happens to write meanwhile, the
//! write fails, and everything above takes the connection for dead without reading what has already
//! arrived. So a failed write is kept back for a moment, in which reading goes on.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// How long is read on after a write has failed. By then the other side's end is noticed by reading.
const HEARING_OUT: Duration = Duration::from_millis(300);

/// A connection that hears the other side out.
pub(crate) struct HearingOut<S> {
    stream: S,
    failed: Option<(io::ErrorKind, Pin<Box<Sleep>>)>,
    /// Whoever waits to read, to be told of a deadline that comes up meanwhile.
    reader: Option<Waker>,
}

impl<S> HearingOut<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, failed: None, reader: None }
    }

    /// Takes a failed write for done; the reading side will find out.
    fn keep_back<T>(&mut self, written: Poll<io::Result<T>>, pretended: T) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(Err(error)) => {
                self.failed = Some((error.kind(), Box::pin(sleep(HEARING_OUT))));
                if let Some(reader) = self.reader.take() {
                    reader.wake();
                }
                Poll::Ready(Ok(pretended))
            }
            other => other,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HearingOut<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(cx, buffer) {
            return Poll::Ready(read);
        }
        match &mut this.failed {
            Some((kind, patience)) => patience.as_mut().poll(cx).map(|()| Err((*kind).into())),
            None => {
                this.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HearingOut<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.failed.is_some() {
            return Poll::Ready(Ok(buffer.len()));
        }
        let written = Pin::new(&mut this.stream).poll_write(cx, buffer);
        this.keep_back(written, buffer.len())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.failed.is_some() {
            return Poll::Ready(Ok(()));
        }
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.keep_back(flushed, ())
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Hears what is left and then nothing more; its writes always fail.
    struct Deaf {
        left: &'static [u8],
    }

    impl AsyncRead for Deaf {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if self.left.is_empty() {
                return Poll::Pending;
            }
            buffer.put_slice(std::mem::take(&mut self.left));
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Deaf {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_was_said_before_hanging_up_is_heard_though_writing_fails() {
        let (mut reader, mut writer) = tokio::io::split(HearingOut::new(Deaf { left: b"why" }));
        writer.write_all(b"a").await.unwrap();
        writer.write_all(b"b").await.unwrap();
        writer.flush().await.unwrap();
        let mut said = [0; 3];
        reader.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"why");
        let error = reader.read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "the failure is not forgotten");
    }

    #[tokio::test]
    async fn a_reader_that_waits_already_learns_of_the_failure() {
        let (mut reader, mut writer) = tokio::io::split(HearingOut::new(Deaf { left: b"" }));
        let reading = tokio::spawn(async move { reader.read_u8().await });
        tokio::task::yield_now().await;
        writer.write_all(b"a").await.unwrap();
        assert_eq!(reading.await.unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
