//! Pictures made smaller. What is decoded comes from strangers, so its size is bounded before its pixels are.

use std::io::{BufRead, Cursor, Seek};

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, codecs::jpeg::JpegEncoder, imageops::FilterType};
use tokio::sync::Semaphore;

/// How many pictures are decoded at a time.
const AT_ONCE: usize = 2;
/// A picture that takes more memory than this once it is decoded is not decoded.
const MOST_MEMORY: u64 = 64 * 1024 * 1024;
const LONGEST_EDGE: u32 = 16_384;
/// Good enough for what is as large as a thumb.
const QUALITY: u8 = 70;

/// Makes pictures smaller, a few at a time.
pub(crate) struct Pictures(Semaphore);

impl Default for Pictures {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Pictures {
    /// A small JPEG of a picture, its longer edge as long as said; `None` when it cannot be decoded.
    pub(crate) async fn thumbnail(&self, bytes: Vec<u8>, edge: u32) -> Option<Vec<u8>> {
        let _turn = self.0.acquire().await.ok()?;
        // A decoder that panics costs the picture, and nothing else.
        tokio::task::spawn_blocking(move || thumbnail(Cursor::new(bytes), edge)).await.ok()?
    }
}

fn thumbnail(bytes: impl BufRead + Seek, edge: u32) -> Option<Vec<u8>> {
    let picture = decoded(bytes)?;
    let small = if picture.width().max(picture.height()) > edge {
        picture.resize(edge, edge, FilterType::Triangle)
    } else {
        picture
    };
    let mut jpeg = Vec::new();
    small.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY)).ok()?;
    Some(jpeg)
}

/// The picture, unless it is none or too large.
fn decoded(bytes: impl BufRead + Seek) -> Option<DynamicImage> {
    let mut reader = ImageReader::new(bytes).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    limits.max_image_width = Some(LONGEST_EDGE);
    limits.max_image_height = Some(LONGEST_EDGE);
    reader.limits(limits);
    let decoder = reader.into_decoder().ok()?;
    if decoder.total_bytes() > MOST_MEMORY {
        return None;
    }
    DynamicImage::from_decoder(decoder).ok()
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, RgbImage};

    use super::*;

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbImage::from_pixel(width, height, image::Rgb([200, 30, 30])).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[tokio::test]
    async fn a_thumbnail_keeps_its_shape_and_never_grows() {
        let pictures = Pictures::default();
        for (format, width, height, expected) in [
            (ImageFormat::Png, 400, 200, (100, 50)),
            (ImageFormat::WebP, 100, 300, (33, 100)),
            (ImageFormat::Jpeg, 20, 10, (20, 10)),
        ] {
            let small = pictures.thumbnail(picture(width, height, format), 100).await.unwrap();
            let small = image::load_from_memory_with_format(&small, ImageFormat::Jpeg).unwrap();
            assert_eq!((small.width(), small.height()), expected, "{format:?}");
        }
        assert!(pictures.thumbnail(b"no picture".to_vec(), 100).await.is_none());
    }

    #[tokio::test]
    async fn a_picture_that_takes_too_much_memory_is_left_alone() {
        let pictures = Pictures::default();
        assert!(pictures.thumbnail(picture(4000, 5000, ImageFormat::Png), 100).await.is_some());
        assert!(pictures.thumbnail(picture(5000, 5000, ImageFormat::Png), 100).await.is_none());
    }
}
