use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Tells a connection to end with a reset.
#[derive(Debug)]
pub(super) struct Scissors {
    cut: AtomicBool,
    /// Bytes that still go out.
    left: AtomicUsize,
}

impl Default for Scissors {
    fn default() -> Self {
        Self {
            cut: AtomicBool::default(),
            left: AtomicUsize::new(usize::MAX),
        }
    }
}

impl Scissors {
    /// Lets so many bytes pass.
    pub(super) fn cut_after(&self, bytes: usize) {
        self.left.store(bytes, Ordering::Relaxed);
        self.cut_at_the_end();
    }

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
        let left = self.scissors.left.load(Ordering::Relaxed);
        if left == usize::MAX {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let bytes = &bytes[..bytes.len().min(left)];
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.scissors.left.store(left - written, Ordering::Relaxed);
        Poll::Ready(Ok(written))
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
