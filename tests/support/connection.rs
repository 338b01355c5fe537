//! Connections of the loopback registry that are counted, and that can be made to say more than HTTP lets a server
//! say.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Bytes to send after the answer that is being written.
#[derive(Debug, Clone, Default)]
pub struct Surplus(Arc<Mutex<Vec<u8>>>);

impl Surplus {
    /// Puts bytes right after the next answer on this connection.
    pub fn send_after_answer(&self, bytes: Vec<u8>) {
        *self.0.lock().unwrap() = bytes;
    }
}

/// Accepts connections and counts them.
pub struct CountingListener {
    /// The socket.
    pub listener: TcpListener,
    /// Connections so far.
    pub count: Arc<AtomicUsize>,
}

impl Listener for CountingListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let _ = stream.set_nodelay(true);
        self.count.fetch_add(1, Ordering::SeqCst);
        (Connection { stream, surplus: Surplus::default(), wrote: false }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, CountingListener>> for Surplus {
    fn connect_info(stream: IncomingStream<'_, CountingListener>) -> Self {
        stream.io().surplus.clone()
    }
}

/// One connection.
pub struct Connection {
    stream: TcpStream,
    surplus: Surplus,
    /// Whether something was written since the surplus was last looked at.
    wrote: bool,
}

impl Connection {
    /// Writes the surplus once the answer before it has been written.
    fn poll_surplus(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.wrote {
            let mut surplus = self.surplus.0.lock().unwrap();
            if surplus.is_empty() {
                break;
            }
            match Pin::new(&mut self.stream).poll_write(context, &surplus) {
                Poll::Ready(Ok(written)) => drop(surplus.drain(..written)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        self.wrote = false;
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.wrote = true;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.poll_surplus(context) {
            Poll::Ready(Ok(())) => Pin::new(&mut self.stream).poll_flush(context),
            other => other,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
