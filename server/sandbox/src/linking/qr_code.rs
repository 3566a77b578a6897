//! The text of a linking QR code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `[link#]reference,noise key,identity,secret[,client type]`
pub(super) struct QrCode {
    pub(super) reference: String,
    pub(super) noise_key: [u8; 32],
    pub(super) identity: [u8; 32],
    pub(super) adv_secret: [u8; 32],
}

impl QrCode {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let code = text.trim().rsplit('#').next()?;
        let mut fields = code.split(',');
        let reference = fields.next()?.to_owned();
        let mut key = || -> Option<[u8; 32]> { STANDARD.decode(fields.next()?).ok()?.try_into().ok() };
        Some(Self { reference, noise_key: key()?, identity: key()?, adv_secret: key()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_read_with_and_without_its_link() {
        let key = STANDARD.encode([7; 32]);
        let plain = format!("2@abc,{key},{key},{key},1");
        assert_eq!(QrCode::parse(&plain).unwrap().reference, "2@abc");
        let link = format!("https://wa.me/settings/linked_devices#{plain}");
        assert_eq!(QrCode::parse(&link).unwrap().adv_secret, [7; 32]);
        for malformed in ["", "2@abc", "2@abc,x,y,z", &format!("2@abc,{key},{key}")] {
            assert!(QrCode::parse(malformed).is_none(), "{malformed:?}");
        }
    }
}
