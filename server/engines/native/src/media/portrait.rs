//! The picture of a group or a person, as WhatsApp takes it: a square JPEG.

use std::{io::Cursor, path::Path};

use image::{GenericImageView as _, codecs::jpeg::JpegEncoder, imageops::FilterType};
use openwa_model::{
    content::Media,
    engine::{EngineError, ErrorKind, Retry},
};

use super::{MediaStation, thumbnail};

/// WhatsApp shows no more.
const EDGE: u32 = 640;
const QUALITY: u8 = 80;

impl MediaStation {
    /// The middle of a picture as a square JPEG.
    pub(crate) async fn portrait(&self, picture: &Media) -> Result<Vec<u8>, EngineError> {
        let path = self.local(picture).await?;
        let _decoding = self.limits.decodings.acquire().await;
        let made = tokio::task::spawn_blocking(move || of(&path)).await;
        made.ok().flatten().ok_or_else(|| {
            let message = "The picture cannot be read; send a JPEG, PNG or WebP that is not too large";
            EngineError::new(ErrorKind::Invalid, Retry::Never, message)
        })
    }
}

fn of(path: &Path) -> Option<Vec<u8>> {
    let picture = thumbnail::whole(path)?;
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    let square = picture.crop_imm((width - side) / 2, (height - side) / 2, side, side);
    let square = if side > EDGE { square.resize_exact(EDGE, EDGE, FilterType::Triangle) } else { square };
    let mut bytes = Cursor::new(Vec::new());
    square.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).ok()?;
    Some(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, RgbImage};

    use super::*;

    #[test]
    fn any_picture_becomes_a_square_jpeg_that_is_not_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        for (width, height, side) in [(1_300, 900, 640), (40, 70, 40)] {
            let plain = RgbImage::from_pixel(width, height, image::Rgb([30, 200, 30]));
            plain.save_with_format(&path, ImageFormat::Png).unwrap();
            let portrait = image::load_from_memory_with_format(&of(&path).unwrap(), ImageFormat::Jpeg).unwrap();
            assert_eq!((portrait.width(), portrait.height()), (side, side), "{width} x {height}");
        }
    }

    #[test]
    fn what_is_no_picture_has_no_portrait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        std::fs::write(&path, b"not a picture").unwrap();
        assert!(of(&path).is_none());
    }
}
