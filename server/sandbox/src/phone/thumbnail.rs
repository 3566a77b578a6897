//! The small preview that travels inside an image message.

use std::io::Cursor;

/// Longer side of a preview, in pixels.
const SIDE: u32 = 72;

/// Larger pictures get no preview.
const LARGEST_SIDE: u32 = 16_384;
const MOST_BYTES_DECODED: u64 = 256 << 20;

pub(crate) struct Preview {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) jpeg: Vec<u8>,
}

/// The size of a picture and its preview; nothing when it is none this phone can read.
pub(crate) fn of(bytes: &[u8]) -> Option<Preview> {
    let mut reader = image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    limits.max_alloc = Some(MOST_BYTES_DECODED);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let mut jpeg = Cursor::new(Vec::new());
    picture.thumbnail(SIDE, SIDE).into_rgb8().write_to(&mut jpeg, image::ImageFormat::Jpeg).ok()?;
    Some(Preview { width: picture.width(), height: picture.height(), jpeg: jpeg.into_inner() })
}
