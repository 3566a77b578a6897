//! Pictures of the code that a phone scans to link a session.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};
use qrcode::{
    Color, EcLevel, QrCode,
    render::{svg, unicode::Dense1x2},
};

/// Pixels of the PNG along one module.
const SCALE: usize = 6;
/// Light modules around the code, as the standard asks.
const QUIET: usize = 4;

/// The code could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum QrError {
    /// It is longer than a QR code can be.
    #[error("the text does not fit into a QR code")]
    TooLong(#[source] qrcode::types::QrError),
    /// The picture could not be written.
    #[error("the QR code could not be written as PNG")]
    Png(#[from] image::ImageError),
}

/// A PNG as a `data:` URL.
pub fn png_data_url(code: &str) -> Result<String, QrError> {
    Ok(format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png(code)?)))
}

/// A PNG.
pub fn png(code: &str) -> Result<Vec<u8>, QrError> {
    let modules = draw(code)?;
    let width = modules.width();
    let side = (width + 2 * QUIET) * SCALE;
    let colors = modules.to_colors();
    let mut pixels = vec![0xff; side * side];
    for (at, _) in colors.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let (left, top) = ((at % width + QUIET) * SCALE, (at / width + QUIET) * SCALE);
        for row in pixels.chunks_exact_mut(side).skip(top).take(SCALE) {
            row[left..left + SCALE].fill(0);
        }
    }
    let mut png = Vec::new();
    let side = side as u32;
    PngEncoder::new(&mut png).write_image(&pixels, side, side, ExtendedColorType::L8)?;
    Ok(png)
}

/// An SVG document.
pub fn svg(code: &str) -> Result<String, QrError> {
    Ok(draw(code)?.render::<svg::Color<'_>>().min_dimensions(256, 256).build())
}

/// Half blocks for a terminal with a dark background, two modules to a character.
pub fn terminal(code: &str) -> Result<String, QrError> {
    let mut text = draw(code)?.render().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    text.push('\n');
    Ok(text)
}

fn draw(code: &str) -> Result<QrCode, QrError> {
    QrCode::with_error_correction_level(code, EcLevel::L).map_err(QrError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_png_holds_the_modules_of_the_code() {
        let code = "2@a/b+c,d,e,f";
        let modules = draw(code).unwrap();
        let width = modules.width();
        let picture = image::load_from_memory(&png(code).unwrap()).unwrap().into_luma8();
        assert_eq!(picture.width() as usize, (width + 2 * QUIET) * SCALE);
        for (at, color) in modules.to_colors().into_iter().enumerate() {
            let center = |module: usize| ((module + QUIET) * SCALE + SCALE / 2) as u32;
            let pixel = picture.get_pixel(center(at % width), center(at / width)).0[0];
            assert_eq!(pixel == 0, color == Color::Dark, "module {at}");
        }
        assert_eq!(picture.get_pixel(0, 0).0, [0xff]);
    }

    #[test]
    fn the_terminal_gets_one_line_for_two_modules() {
        let text = terminal("2@a,b,c,d").unwrap();
        let width = draw("2@a,b,c,d").unwrap().width() + 8;
        assert_eq!(text.lines().count(), width.div_ceil(2));
        assert!(text.lines().all(|line| line.chars().count() == width));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert!(png_data_url(&"x".repeat(10_000)).is_err());
    }
}
