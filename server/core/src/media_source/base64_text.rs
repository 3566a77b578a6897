//! Base64 that comes in pieces.

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// How much is decoded at a time, in characters; four make three bytes.
const CHUNK: usize = 64 * 1024;
/// The longest head of a data URL.
const LONGEST_HEAD: usize = 1024;
/// Base64 whose padding was taken off.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The text is something else.
#[derive(Debug, thiserror::Error)]
#[error("base64 must be base64 encoded")]
pub(crate) struct NotBase64;

/// A decoder for the usual spellings: plain or safe for URLs, in lines or not, padded or not, as it is or behind
/// `data:image/png;base64,`.
#[derive(Default, Debug)]
pub(crate) struct Base64Text {
    /// What may still become the head of a data URL; `None` once that is clear.
    head: Head,
    mimetype: Option<String>,
    letters: Vec<u8>,
    padding: usize,
}

#[derive(Debug)]
enum Head {
    Open(Vec<u8>),
    Read,
}

impl Default for Head {
    fn default() -> Self {
        Self::Open(Vec::new())
    }
}

const DATA_URL: &[u8] = b"data:";

impl Base64Text {
    /// Decodes what comes next, as far as it is clear.
    pub(crate) fn push(&mut self, text: &[u8], decoded: &mut Vec<u8>) -> Result<(), NotBase64> {
        let Head::Open(head) = &mut self.head else { return self.letters(text, decoded) };
        head.extend_from_slice(text);
        let compared = head.len().min(DATA_URL.len());
        if head[..compared] != DATA_URL[..compared] {
            return self.leave_head(0, decoded);
        }
        match head.iter().position(|it| *it == b',') {
            Some(comma) => {
                let said = head[DATA_URL.len()..comma].strip_suffix(b";base64").ok_or(NotBase64)?;
                self.mimetype = Some(String::from_utf8_lossy(said).into_owned());
                self.leave_head(comma + 1, decoded)
            }
            None if head.len() > LONGEST_HEAD => Err(NotBase64),
            None => Ok(()),
        }
    }

    /// Decodes what is left, and says which type a data URL said the bytes are.
    pub(crate) fn finish(mut self, decoded: &mut Vec<u8>) -> Result<Option<String>, NotBase64> {
        if let Head::Open(head) = &self.head {
            // Shorter than any head; or one that has no end.
            if head.len() >= DATA_URL.len() {
                return Err(NotBase64);
            }
            self.leave_head(0, decoded)?;
        }
        self.decode(decoded)?;
        Ok(self.mimetype)
    }

    fn leave_head(&mut self, from: usize, decoded: &mut Vec<u8>) -> Result<(), NotBase64> {
        match std::mem::replace(&mut self.head, Head::Read) {
            Head::Open(head) => self.letters(&head[from..], decoded),
            Head::Read => Ok(()),
        }
    }

    fn letters(&mut self, text: &[u8], decoded: &mut Vec<u8>) -> Result<(), NotBase64> {
        for &byte in text.iter().filter(|it| !it.is_ascii_whitespace()) {
            match byte {
                b'=' => self.padding += 1,
                // Nothing comes behind the padding.
                _ if self.padding > 0 => return Err(NotBase64),
                b'-' => self.letters.push(b'+'),
                b'_' => self.letters.push(b'/'),
                _ => self.letters.push(byte),
            }
            if self.padding > 2 {
                return Err(NotBase64);
            }
            if self.letters.len() == CHUNK {
                self.decode(decoded)?;
            }
        }
        Ok(())
    }

    fn decode(&mut self, decoded: &mut Vec<u8>) -> Result<(), NotBase64> {
        UNPADDED.decode_vec(&self.letters, decoded).map_err(|_| NotBase64)?;
        self.letters.clear();
        Ok(())
    }
}
