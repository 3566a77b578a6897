//! The responder's side of the Noise handshake: XX for a client that knows nothing of the server,
//! IK for one that comes back, XXfallback when what it knows is out of date.

use buffa::{Message as _, MessageField};
use bytes::{Buf, BytesMut};
use wacore::handshake::{NoiseCipher, NoiseHandshake};
use wacore::libsignal::protocol::KeyPair;
use wacore_binary::consts::{NOISE_PATTERN_IK, NOISE_PATTERN_XX, NOISE_PATTERN_XXFALLBACK, WA_CONN_HEADER};
use waproto::whatsapp as wa;
use waproto::whatsapp::handshake_message::{ClientHello, ServerHello};

use crate::account::public_bytes;
use crate::ambient;
use crate::pki::Pki;

/// A client that was in a data centre before puts `ED`, a version and its routing before the header.
const EDGE_ROUTING: [u8; 4] = *b"ED\0\x01";
const LARGEST_EDGE_ROUTING: usize = 4 << 10;

/// Why a client does not get in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("the client does not begin with a WhatsApp header")]
    NotWhatsApp,
    #[error("the client's {0} is malformed")]
    Malformed(&'static str),
    #[error("the client's {0} cannot be decrypted")]
    Undecryptable(&'static str),
    #[error("the handshake failed: {0}")]
    Noise(#[from] wacore::handshake::HandshakeError),
}

/// Takes the header, and the routing before it, off the front of what a client sent. `None` when
/// more must come.
pub(crate) fn take_header(received: &mut BytesMut) -> Result<Option<()>, HandshakeError> {
    let mut start = 0;
    if received.len() < EDGE_ROUTING.len() {
        return Ok(None);
    }
    if received.starts_with(&EDGE_ROUTING) {
        let Some([a, b, c]) = received.get(4..7) else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        if length > LARGEST_EDGE_ROUTING {
            return Err(HandshakeError::NotWhatsApp);
        }
        start = 7 + length;
    }
    let Some(header) = received.get(start..start + WA_CONN_HEADER.len()) else {
        return Ok(None);
    };
    // The last byte is the version of the token dictionary, which the marshaller fixes.
    if header != WA_CONN_HEADER {
        return Err(HandshakeError::NotWhatsApp);
    }
    received.advance(start + WA_CONN_HEADER.len());
    Ok(Some(()))
}

/// What the handshake has established.
pub(crate) struct Established {
    /// Decrypts what the client sends.
    pub(crate) incoming: NoiseCipher,
    /// Encrypts what the client gets.
    pub(crate) outgoing: NoiseCipher,
    /// The client's static key, which it has proved to hold.
    pub(crate) client_key: Vec<u8>,
    pub(crate) payload: wa::ClientPayload,
}

/// What to do after the client's first message.
pub(crate) enum Answer {
    /// IK: one round trip suffices.
    Done { reply: Vec<u8>, established: Box<Established> },
    /// XX or XXfallback: the client must finish.
    Continue { reply: Vec<u8>, waiting: Box<Waiting> },
}

/// A handshake that waits for the client's last message.
pub(crate) struct Waiting {
    noise: NoiseHandshake,
    ephemeral: KeyPair,
    is_fallback: bool,
}

impl Waiting {
    /// Whether the client began with a key of the server that is out of date.
    pub(crate) fn is_fallback(&self) -> bool {
        self.is_fallback
    }
}

/// Answers the client's hello.
pub(crate) fn answer(pki: &Pki, hello: &[u8]) -> Result<Answer, HandshakeError> {
    let hello = wa::HandshakeMessage::decode_from_slice(hello)
        .ok()
        .and_then(|message| message.client_hello.into_option())
        .ok_or(HandshakeError::Malformed("hello"))?;
    let client_ephemeral: [u8; 32] = hello
        .ephemeral
        .as_deref()
        .and_then(|key| key.try_into().ok())
        .ok_or(HandshakeError::Malformed("ephemeral key"))?;
    let ephemeral = KeyPair::generate(&mut ambient::rng());
    if let Some(resumed) = resume(pki, &hello, &client_ephemeral, &ephemeral)? {
        return Ok(resumed);
    }
    let pattern = match hello.r#static {
        Some(_) => NOISE_PATTERN_XXFALLBACK,
        None => NOISE_PATTERN_XX,
    };
    let mut noise = NoiseHandshake::new(pattern, &WA_CONN_HEADER)?;
    noise.authenticate(&client_ephemeral);
    noise.authenticate(&public_bytes(&ephemeral));
    noise.mix_shared_secret(ephemeral.private_key.serialize(), &client_ephemeral)?;
    let server_static = noise.encrypt(&public_bytes(&pki.server))?;
    noise.mix_shared_secret(pki.server.private_key.serialize(), &client_ephemeral)?;
    let certificate = noise.encrypt(&pki.chain)?;
    Ok(Answer::Continue {
        reply: server_hello(&ephemeral, Some(server_static), certificate),
        waiting: Box::new(Waiting { noise, ephemeral, is_fallback: hello.r#static.is_some() }),
    })
}

/// IK, if the client tries it with the key the server has now.
fn resume(
    pki: &Pki,
    hello: &ClientHello,
    client_ephemeral: &[u8; 32],
    ephemeral: &KeyPair,
) -> Result<Option<Answer>, HandshakeError> {
    let (Some(sealed_static), Some(sealed_payload)) = (&hello.r#static, &hello.payload) else {
        return Ok(None);
    };
    let mut noise = NoiseHandshake::new(NOISE_PATTERN_IK, &WA_CONN_HEADER)?;
    noise.authenticate(&public_bytes(&pki.server));
    noise.authenticate(client_ephemeral);
    noise.mix_shared_secret(pki.server.private_key.serialize(), client_ephemeral)?;
    let Ok(client_key) = noise.decrypt(sealed_static) else {
        return Ok(None);
    };
    noise.mix_shared_secret(pki.server.private_key.serialize(), &client_key)?;
    let payload = noise.decrypt(sealed_payload).map_err(|_| HandshakeError::Undecryptable("payload"))?;
    noise.authenticate(&public_bytes(ephemeral));
    noise.mix_shared_secret(ephemeral.private_key.serialize(), client_ephemeral)?;
    noise.mix_shared_secret(ephemeral.private_key.serialize(), &client_key)?;
    let certificate = noise.encrypt(&pki.chain)?;
    Ok(Some(Answer::Done {
        reply: server_hello(ephemeral, None, certificate),
        established: Box::new(establish(noise, client_key, &payload)?),
    }))
}

/// Takes the client's last message.
pub(crate) fn finish(waiting: Waiting, message: &[u8]) -> Result<Established, HandshakeError> {
    let Waiting { mut noise, ephemeral, .. } = waiting;
    let finish = wa::HandshakeMessage::decode_from_slice(message)
        .ok()
        .and_then(|message| message.client_finish.into_option())
        .ok_or(HandshakeError::Malformed("finish"))?;
    let client_key =
        noise.decrypt(&finish.r#static.unwrap_or_default()).map_err(|_| HandshakeError::Undecryptable("static key"))?;
    noise.mix_shared_secret(ephemeral.private_key.serialize(), &client_key)?;
    let payload =
        noise.decrypt(&finish.payload.unwrap_or_default()).map_err(|_| HandshakeError::Undecryptable("payload"))?;
    establish(noise, client_key, &payload)
}

fn establish(noise: NoiseHandshake, client_key: Vec<u8>, payload: &[u8]) -> Result<Established, HandshakeError> {
    let payload = wa::ClientPayload::decode_from_slice(payload).map_err(|_| HandshakeError::Malformed("payload"))?;
    // The initiator writes with the first cipher, so the responder reads with it.
    let (incoming, outgoing) = noise.finish()?;
    Ok(Established { incoming, outgoing, client_key, payload })
}

fn server_hello(ephemeral: &KeyPair, sealed_static: Option<Vec<u8>>, payload: Vec<u8>) -> Vec<u8> {
    wa::HandshakeMessage {
        server_hello: MessageField::some(ServerHello {
            ephemeral: Some(public_bytes(ephemeral).to_vec()),
            r#static: sealed_static,
            payload: Some(payload),
            ..Default::default()
        }),
        ..Default::default()
    }
    .encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_taken_with_and_without_edge_routing() {
        for routing in [&b""[..], b"ED\0\x01\0\0\x03abc"] {
            let whole = [routing, &WA_CONN_HEADER, b"rest"].concat();
            for cut in 0..whole.len() - b"rest".len() {
                let mut part = BytesMut::from(&whole[..cut]);
                assert!(take_header(&mut part).unwrap().is_none(), "cut at {cut}");
            }
            let mut received = BytesMut::from(&whole[..]);
            assert!(take_header(&mut received).unwrap().is_some());
            assert_eq!(received, b"rest"[..]);
        }
    }

    #[test]
    fn what_is_no_whatsapp_client_is_refused() {
        assert!(take_header(&mut BytesMut::from(&b"GET / HTTP/1.1"[..])).is_err());
        assert!(take_header(&mut BytesMut::from(&b"ED\0\x01\xff\xff\xff"[..])).is_err());
        let pki = Pki::load(&crate::journal::Journal::in_memory()).unwrap();
        assert!(answer(&pki, b"nonsense").is_err());
        assert!(answer(&pki, b"").is_err());
    }
}
