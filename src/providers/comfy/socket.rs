//! The server's socket, read only: frames of RFC 6455 over a connection that the HTTP library upgraded.
//!
//! Long messages are let pass without being kept: one run of a thousand nodes sends a quarter of a gigabyte of them.
//! A library of sockets was weighed: it would gather each message whole, and be one more dependency for ten lines of
//! frames.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Upgraded, Url};
use ring::digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Longest text that is kept; the start of a longer one tells what it is.
const MOST_KEPT: usize = 64 << 10;
/// Largest picture that is kept.
const MOST_PICTURE: usize = 2 << 20;
/// Has pictures come with the name of their job. It must be the first that a client says.
const HELLO: &[u8] = br#"{"type":"feature_flags","data":{"supports_preview_metadata":true}}"#;
/// What a server adds to the key before it answers, by the standard.
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// An open socket.
pub(super) struct Socket {
    stream: Upgraded,
}

/// A message of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A text; only its start, where it is long.
    Text(Vec<u8>),
    /// A picture in the making, with what stands before it.
    Picture(Vec<u8>),
    /// One that nobody looks at, or that is larger than anybody wants.
    Other,
}

impl Socket {
    /// Opens a socket; none where the server has none there.
    pub(super) async fn open(client: &Client, url: Url) -> Option<Socket> {
        let key = STANDARD.encode(fastrand::u128(..).to_be_bytes());
        let request = client
            .get(url)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", &key);
        let response = request.send().await.ok()?;
        let told = response.headers().get("sec-websocket-accept")?.to_str().ok()?.to_owned();
        if response.status().as_u16() != 101 || told != accept(&key) {
            return None;
        }
        let mut socket = Socket { stream: response.upgrade().await.ok()? };
        socket.say(1, HELLO).await?;
        Some(socket)
    }

    /// The next message; none where the socket has ended. Questions whether we are there are answered. Pictures are
    /// passed over unless they are `wanted` as they come.
    pub(super) async fn next(&mut self, wanted: impl Fn() -> bool) -> Option<Said> {
        let mut kept = Vec::new();
        let mut most = MOST_KEPT;
        let mut is_text = false;
        let mut is_whole = true;
        loop {
            let mut head = [0; 2];
            self.stream.read_exact(&mut head).await.ok()?;
            let (is_last, code) = (head[0] & 0x80 != 0, head[0] & 0x0f);
            let length = match head[1] & 0x7f {
                126 => u64::from(self.stream.read_u16().await.ok()?),
                127 => self.stream.read_u64().await.ok()?,
                short => u64::from(short),
            };
            // Servers do not mask.
            if head[1] & 0x80 != 0 {
                return None;
            }
            match code {
                0..=2 => {
                    is_text |= code == 1;
                    if code == 2 {
                        most = if wanted() { MOST_PICTURE } else { 0 };
                    }
                    let before = kept.len() as u64;
                    self.take(length, &mut kept, most).await?;
                    is_whole &= kept.len() as u64 == before + length;
                    if is_last {
                        return Some(match (is_text, is_whole) {
                            (true, _) => Said::Text(kept),
                            (false, true) => Said::Picture(kept),
                            (false, false) => Said::Other,
                        });
                    }
                }
                9 if length <= 125 => {
                    let mut asked = Vec::new();
                    self.take(length, &mut asked, MOST_KEPT).await?;
                    self.say(10, &asked).await?;
                }
                10 => self.take(length, &mut Vec::new(), 0).await?,
                _ => return None,
            }
        }
    }

    /// Reads so many bytes, and keeps `most` of the message.
    async fn take(&mut self, length: u64, kept: &mut Vec<u8>, most: usize) -> Option<()> {
        let mut left = length;
        let mut piece = [0; 4096];
        while 0 < left {
            let next = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let n = self.stream.read(&mut piece[..next]).await.ok().filter(|n| 0 < *n)?;
            left -= n as u64;
            let room = most.saturating_sub(kept.len()).min(n);
            kept.extend_from_slice(&piece[..room]);
        }
        Some(())
    }

    /// Says something short. What a client sends is masked, by the standard.
    async fn say(&mut self, code: u8, said: &[u8]) -> Option<()> {
        let mask = fastrand::u32(..).to_be_bytes();
        let mut frame = vec![0x80 | code, 0x80 | u8::try_from(said.len()).ok().filter(|n| *n <= 125)?];
        frame.extend_from_slice(&mask);
        frame.extend(said.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.stream.write_all(&frame).await.ok()?;
        self.stream.flush().await.ok()
    }
}

/// The server's proof that it speaks of sockets.
pub(super) fn accept(key: &str) -> String {
    STANDARD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{MAGIC}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_that_of_the_standard() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
