//! What an Ogg file says about itself: what is in it, and how long that lasts.

use std::{io::SeekFrom, path::Path};

use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
};

/// A page is no longer than this, so the last one begins in the last so many bytes.
const LONGEST_PAGE: u64 = 65_307;
/// Opus counts in these, whatever rate the sound had before.
const RATE: u64 = 48_000;

/// How much of a file is needed to tell what is in it.
pub(crate) const HEAD: usize = 64;

/// Whether a file that begins like this is Ogg with Opus, which is what voice notes are.
pub(crate) fn is_opus(head: &[u8]) -> bool {
    first_packet(head).is_some_and(|it| it.starts_with(b"OpusHead"))
}

/// The beginning of the first packet; pages have a head of 27 bytes and one for each segment.
fn first_packet(head: &[u8]) -> Option<&[u8]> {
    let segments = usize::from(*head.strip_prefix(b"OggS")?.get(22)?);
    head.get(27 + segments..)
}

/// How many seconds an Ogg file with Opus lasts, begun ones included.
pub(crate) async fn seconds(path: &Path) -> Option<u32> {
    let mut file = File::open(path).await.ok()?;
    let mut head = [0; HEAD];
    let length = file.read(&mut head).await.ok()?;
    let skipped = first_packet(&head[..length])?.get(10..12)?;
    let skipped = u64::from(u16::from_le_bytes(skipped.try_into().ok()?));
    let whole = file.metadata().await.ok()?.len();
    file.seek(SeekFrom::Start(whole.saturating_sub(LONGEST_PAGE))).await.ok()?;
    let mut tail = Vec::new();
    file.take(LONGEST_PAGE).read_to_end(&mut tail).await.ok()?;
    let last = tail.windows(4).rposition(|it| it == b"OggS")?;
    let position = u64::from_le_bytes(tail.get(last + 6..last + 14)?.try_into().ok()?);
    u32::try_from(position.checked_sub(skipped)?.div_ceil(RATE).max(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with one segment.
    fn page(position: u64, packet: &[u8]) -> Vec<u8> {
        let mut page = b"OggS\0\0".to_vec();
        page.extend_from_slice(&position.to_le_bytes());
        page.extend_from_slice(&[0; 12]);
        page.extend_from_slice(&[1, packet.len() as u8]);
        page.extend_from_slice(packet);
        page
    }

    fn opus_head() -> Vec<u8> {
        let mut packet = b"OpusHead\x01\x01".to_vec();
        packet.extend_from_slice(&312_u16.to_le_bytes());
        packet.extend_from_slice(&[0; 7]);
        packet
    }

    #[tokio::test]
    async fn a_voice_note_says_how_long_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ogg");
        for (position, seconds_long) in [(312 + 48_000, 1), (312 + 48_001, 2), (312 + 48_000 * 90, 90), (312, 1)] {
            let whole = [page(0, &opus_head()), page(0, b"OpusTags"), page(position, &[7; 200])].concat();
            assert!(is_opus(&whole));
            std::fs::write(&path, whole).unwrap();
            assert_eq!(seconds(&path).await, Some(seconds_long));
        }
    }

    #[tokio::test]
    async fn what_is_something_else_is_not_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ogg");
        let vorbis = page(0, b"\x01vorbis and so on");
        for bytes in [vorbis.as_slice(), b"OggS", b"", b"ID3", &page(0, b"")] {
            assert!(!is_opus(bytes));
        }
        for bytes in [b"OggS".to_vec(), Vec::new(), page(3, &opus_head()), page(u64::MAX, &opus_head())] {
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(seconds(&path).await, None, "{bytes:?}");
        }
    }
}
