//! The small picture that a chat shows before the picture itself has arrived.

use std::{
    fs::File,
    io::{BufReader, Cursor, Read},
    path::Path,
};

use image::{ImageDecoder, ImageReader, Limits, codecs::jpeg::JpegEncoder, imageops::FilterType};

/// WhatsApp Web's own are about this large.
const EDGE: u32 = 100;
const QUALITY: u8 = 60;

/// Decoding takes four bytes a pixel; a picture that needs more than this gets no thumbnail.
const MOST_MEMORY: u64 = 128 * 1024 * 1024;
const LONGEST_EDGE: u32 = 20_000;

/// What is known of a picture.
#[derive(Default, Debug)]
pub(super) struct Picture {
    pub(super) dimensions: Option<(u32, u32)>,
    pub(super) thumbnail: Option<Vec<u8>>,
    /// Whether it moves; told of WebP only.
    pub(super) is_animated: bool,
}

/// The head of a WebP file says whether it moves.
const HEAD: usize = 64;

/// Looks at a picture. What cannot be decoded is sent all the same, only without a preview.
pub(super) fn of(path: &Path) -> Picture {
    Picture { is_animated: is_animated(path), ..look(path) }
}

fn is_animated(path: &Path) -> bool {
    let mut head = [0; HEAD];
    let read = File::open(path).and_then(|mut it| it.read(&mut head));
    read.is_ok_and(|length| wacore::webp::is_animated(&head[..length]))
}

fn look(path: &Path) -> Picture {
    let Some(decoder) = decoder(path) else { return Picture::default() };
    let dimensions = Some(decoder.dimensions());
    if decoder.total_bytes() > MOST_MEMORY {
        return Picture { dimensions, ..Picture::default() };
    }
    let small = image::DynamicImage::from_decoder(decoder).map(|it| it.resize(EDGE, EDGE, FilterType::Triangle));
    let thumbnail = small.ok().and_then(|it| {
        let mut bytes = Cursor::new(Vec::new());
        it.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).ok()?;
        Some(bytes.into_inner())
    });
    Picture { dimensions, thumbnail, ..Picture::default() }
}

/// Reads a picture within bounds; `None` when it does not read as one.
fn decoder(path: &Path) -> Option<impl ImageDecoder> {
    let mut reader = ImageReader::new(BufReader::new(File::open(path).ok()?)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    limits.max_image_width = Some(LONGEST_EDGE);
    limits.max_image_height = Some(LONGEST_EDGE);
    reader.limits(limits);
    reader.into_decoder().ok()
}

/// The whole picture; `None` when it does not read as one, or is too large.
pub(super) fn whole(path: &Path) -> Option<image::DynamicImage> {
    let decoder = decoder(path).filter(|it| it.total_bytes() <= MOST_MEMORY)?;
    image::DynamicImage::from_decoder(decoder).ok()
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, RgbImage};

    use super::*;

    #[test]
    fn a_picture_gets_a_small_jpeg_of_its_own_shape() {
        let folder = tempfile::tempdir().unwrap();
        for (format, name) in [(ImageFormat::Png, "a.png"), (ImageFormat::Jpeg, "a.jpg"), (ImageFormat::WebP, "a.webp")]
        {
            let path = folder.path().join(name);
            RgbImage::from_pixel(400, 200, image::Rgb([200, 30, 30])).save_with_format(&path, format).unwrap();
            let picture = of(&path);
            assert_eq!(picture.dimensions, Some((400, 200)), "{name}");
            let small = image::load_from_memory_with_format(&picture.thumbnail.unwrap(), ImageFormat::Jpeg).unwrap();
            assert_eq!((small.width(), small.height()), (100, 50), "{name}");
        }
    }

    #[test]
    fn what_is_no_picture_has_no_thumbnail() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jpg");
        std::fs::write(&path, b"not a picture").unwrap();
        let picture = of(&path);
        assert!(picture.dimensions.is_none() && picture.thumbnail.is_none());
        assert!(of(&folder.path().join("missing")).thumbnail.is_none());
    }
}
