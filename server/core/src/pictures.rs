//! Pictures made smaller. What is decoded comes from strangers, so its size is bounded before its pixels are.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Cursor, Seek, Write},
    path::{Path, PathBuf},
};

use image::{
    AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage,
    codecs::{gif::GifDecoder, jpeg::JpegEncoder, webp::WebPDecoder, webp::WebPEncoder},
    imageops::{self, FilterType},
};
use tokio::sync::Semaphore;

/// How many pictures are decoded at a time.
const AT_ONCE: usize = 2;
/// A picture that takes more memory than this once it is decoded is not decoded.
const MOST_MEMORY: u64 = 64 * 1024 * 1024;
const LONGEST_EDGE: u32 = 16_384;
/// Good enough for what is as large as a thumb.
const QUALITY: u8 = 70;

/// How wide and high a sticker is.
const STICKER: u32 = 512;

/// What became of a picture that was to be a sticker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sticker {
    /// It is one already.
    AsItIs,
    /// It was written.
    Made,
    /// It moves, and is no WebP: nothing here writes those.
    Moves,
    /// It cannot be decoded.
    NoPicture,
}

/// Makes pictures smaller, a few at a time.
pub(crate) struct Pictures(Semaphore);

impl Default for Pictures {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Pictures {
    /// Width and height, where the bytes begin like a picture.
    pub(crate) fn dimensions(bytes: &[u8]) -> Option<(u32, u32)> {
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.into_dimensions().ok()
    }

    /// A small JPEG of a picture, its longer edge as long as said; `None` when it cannot be decoded.
    pub(crate) async fn thumbnail(&self, bytes: Vec<u8>, edge: u32) -> Option<Vec<u8>> {
        let _turn = self.0.acquire().await.ok()?;
        // A decoder that panics costs the picture, and nothing else.
        tokio::task::spawn_blocking(move || thumbnail(Cursor::new(bytes), edge)).await.ok()?
    }

    /// Makes a sticker of a picture: WebP without loss, 512 pixels wide and high, clear where the picture is not.
    /// A WebP that has this size, or moves, stays as it is.
    pub(crate) async fn sticker(&self, from: PathBuf, into: PathBuf) -> Sticker {
        let Ok(_turn) = self.0.acquire().await else { return Sticker::NoPicture };
        let made = tokio::task::spawn_blocking(move || sticker(&from, &into)).await;
        match made {
            Ok(Ok(made)) => made,
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "no sticker could be made of a picture");
                Sticker::NoPicture
            }
            // A decoder that panics met no picture.
            Err(_) => Sticker::NoPicture,
        }
    }
}

fn sticker(from: &Path, into: &Path) -> io::Result<Sticker> {
    let open = || io::Result::Ok(BufReader::new(File::open(from)?));
    let format = ImageReader::new(open()?).with_guessed_format()?.format();
    match format {
        Some(ImageFormat::WebP) => match WebPDecoder::new(open()?) {
            Ok(it) if it.has_animation() || it.dimensions() == (STICKER, STICKER) => return Ok(Sticker::AsItIs),
            _ => {}
        },
        Some(ImageFormat::Gif) if moves(open()?) => return Ok(Sticker::Moves),
        _ => {}
    }
    let Some(picture) = decoded(open()?) else { return Ok(Sticker::NoPicture) };
    let small = picture.resize(STICKER, STICKER, FilterType::Lanczos3).into_rgba8();
    let mut square = RgbaImage::new(STICKER, STICKER);
    let (left, above) = ((STICKER - small.width()) / 2, (STICKER - small.height()) / 2);
    imageops::replace(&mut square, &small, i64::from(left), i64::from(above));
    let mut file = BufWriter::new(File::create(into)?);
    square.write_with_encoder(WebPEncoder::new_lossless(&mut file)).map_err(io::Error::other)?;
    file.flush()?;
    Ok(Sticker::Made)
}

/// Whether there is a second picture behind the first.
fn moves(bytes: impl BufRead + Seek) -> bool {
    let Ok(mut gif) = GifDecoder::new(bytes) else { return false };
    gif.set_limits(limits()).is_ok() && gif.into_frames().nth(1).is_some_and(|it| it.is_ok())
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_MEMORY);
    limits.max_image_width = Some(LONGEST_EDGE);
    limits.max_image_height = Some(LONGEST_EDGE);
    limits
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
    reader.limits(limits());
    let decoder = reader.into_decoder().ok()?;
    if decoder.total_bytes() > MOST_MEMORY {
        return None;
    }
    DynamicImage::from_decoder(decoder).ok()
}

#[cfg(test)]
mod tests {
    use image::{Delay, Frame, RgbImage, codecs::gif::GifEncoder};

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

    /// A GIF of so many pictures.
    fn gif(pictures: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new(&mut bytes);
        let pixel = |it: u32| RgbaImage::from_pixel(20, 10, image::Rgba([it as u8 * 90, 0, 0, 255]));
        let frames = (0..pictures).map(|it| Frame::from_parts(pixel(it), 0, 0, Delay::from_numer_denom_ms(100, 1)));
        encoder.encode_frames(frames).unwrap();
        drop(encoder);
        bytes
    }

    #[tokio::test]
    async fn stickers_are_square_webp_and_what_is_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (from, into) = (folder.path().join("from"), folder.path().join("into"));
        let pictures = Pictures::default();
        for (bytes, expected) in [
            (picture(400, 200, ImageFormat::Png), Sticker::Made),
            (picture(30, 60, ImageFormat::Jpeg), Sticker::Made),
            (picture(600, 600, ImageFormat::WebP), Sticker::Made),
            (gif(1), Sticker::Made),
            (picture(512, 512, ImageFormat::WebP), Sticker::AsItIs),
            (gif(2), Sticker::Moves),
            (b"no picture".to_vec(), Sticker::NoPicture),
            (Vec::new(), Sticker::NoPicture),
        ] {
            _ = std::fs::remove_file(&into);
            std::fs::write(&from, bytes).unwrap();
            assert_eq!(pictures.sticker(from.clone(), into.clone()).await, expected);
            assert_eq!(into.exists(), expected == Sticker::Made);
            if expected == Sticker::Made {
                let made = std::fs::read(&into).unwrap();
                let made = image::load_from_memory_with_format(&made, ImageFormat::WebP).unwrap();
                assert_eq!((made.width(), made.height()), (512, 512));
            }
        }
        // What is not as wide as high is clear at its sides.
        std::fs::write(&from, picture(30, 60, ImageFormat::Png)).unwrap();
        assert_eq!(pictures.sticker(from, into.clone()).await, Sticker::Made);
        let made = image::load_from_memory(&std::fs::read(&into).unwrap()).unwrap().into_rgba8();
        assert_eq!((made.get_pixel(0, 256).0[3], made.get_pixel(256, 256).0), (0, [200, 30, 30, 255]));
    }

    #[tokio::test]
    async fn a_picture_that_takes_too_much_memory_is_left_alone() {
        let pictures = Pictures::default();
        assert!(pictures.thumbnail(picture(4000, 5000, ImageFormat::Png), 100).await.is_some());
        assert!(pictures.thumbnail(picture(5000, 5000, ImageFormat::Png), 100).await.is_none());
    }
}
