use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Tells a connection to end with a reset.
#[derive(Debug, Default)]
pub(super) struct Scissors {
    cut: AtomicBool,
}

impl Scissors {
    pub(super) fn cut_at_the_end(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }
}

/// A connection that is reset instead of closed when its scissors say so.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    scissors: Arc<Scissors>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> (Self, Arc<Scissors>) {
        let scissors = Arc::new(Scissors::default());
        (
            Self {
                stream,
                scissors: Arc::clone(&scissors),
            },
            scissors,
        )
    }

    fn is_cut(&self) -> bool {
        self.scissors.cut.load(Ordering::Relaxed)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.is_cut()
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!(%error, "the connection is closed, not reset");
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A goodbye would look like a proper end.
        if self.is_cut() {
            Poll::Ready(Ok(()))
        } else {
            Pin::new(&mut self.stream).poll_shutdown(context)
        }
    }
}
