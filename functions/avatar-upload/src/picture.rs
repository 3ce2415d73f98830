//! What becomes of the bytes of an upload: nothing that anybody wrote is kept, only what can be seen.
//!
//! The bytes themselves say what they are; what the form, the name or the browser said is not looked at. They are read within
//! limits on pixels and memory, turned upright, cut to a square, and drawn anew in three sizes, without metadata, animation
//! or whatever else was packed behind or inside them.

use std::io::Cursor;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::error::LimitErrorKind;
use image::imageops::{self, FilterType as Scaling};
use image::metadata::Orientation;
use image::{DynamicImage, GenericImageView, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbaImage};
use shared::domain::avatar::{Crop, Format, PIXELS_MAX, Picture, Reason, SIZES, Square, square};
use shared::domain::id::UploadId;
use shared::domain::limits::UPLOAD_MAX_BYTES;
use shared::secret::sha256_hex;

/// What decoding may take, the decoded picture included, in bytes: with it, two thirds of the function's memory are used.
const DECODE_MAX_BYTES: u64 = 250 * 1024 * 1024;

/// Before the finest scaling, pictures are brought to at most this edge by a coarser one, which needs no memory.
const COARSE_EDGE: u32 = 1_024;

/// Of 100. At these sizes nobody sees the difference to a higher one.
const JPEG_QUALITY: u8 = 85;

/// Hexadecimal digits of a digest in a picture's key.
const DIGEST_DIGITS: usize = 32;

/// A picture that may be kept.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it is called.
    pub picture: Picture,
    /// Its bytes in every one of the [`SIZES`].
    pub sizes: Vec<Bytes>,
}

/// Makes a picture of what was uploaded with this ticket.
///
/// # Errors
/// Why it is none, in words for its person by [`Reason::text`].
pub fn make(bytes: &[u8], ticket: UploadId, crop: Option<Crop>) -> Result<Made, Reason> {
    let upright = read(bytes, crop)?;
    let squares = SIZES.map(|size| scaled(&upright, size));
    let format = if is_opaque(&upright) { Format::Jpeg } else { Format::Png };
    let sizes = squares
        .iter()
        .map(|square| encode(square, format).map(Bytes::from))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Reason::Damaged)?;
    let mut digested = ticket.to_string().into_bytes();
    sizes.iter().for_each(|bytes| digested.extend_from_slice(bytes));
    let mut digest = sha256_hex(&digested);
    digest.truncate(DIGEST_DIGITS);
    Ok(Made {
        picture: Picture { digest, format },
        sizes,
    })
}

/// The square that is kept, upright, with an edge of at most [`COARSE_EDGE`].
fn read(bytes: &[u8], crop: Option<Crop>) -> Result<RgbaImage, Reason> {
    let format = sniff(bytes)?;
    let limits = || {
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(DECODE_MAX_BYTES);
        limits
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(|error| fault(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Reason::TooManyPixels);
    }
    if width == 0 || height == 0 {
        return Err(Reason::Damaged);
    }
    if decoder.total_bytes() > DECODE_MAX_BYTES {
        return Err(Reason::TooComplex);
    }
    // What cannot be read of it is no reason to refuse a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(|error| fault(&error))?;
    let (upright_width, upright_height) = match turns(orientation) {
        true => (height, width),
        false => (width, height),
    };
    let kept = in_file(orientation, square(upright_width, upright_height, crop), width, height);
    // By a view: the picture itself is not copied, whatever its pixels are.
    let view = image.view(kept.x, kept.y, kept.edge, kept.edge);
    let square = if kept.edge > COARSE_EDGE {
        imageops::thumbnail(&*view, COARSE_EDGE, COARSE_EDGE)
    } else {
        view.to_image()
    };
    drop(image);
    let mut square = DynamicImage::ImageRgba8(square);
    square.apply_orientation(orientation);
    Ok(square.into_rgba8())
}

/// What the bytes are, by themselves.
fn sniff(bytes: &[u8]) -> Result<ImageFormat, Reason> {
    if bytes.is_empty() {
        return Err(Reason::Empty);
    }
    if bytes.len() as u64 > UPLOAD_MAX_BYTES {
        return Err(Reason::TooLarge);
    }
    match bytes {
        [0xff, 0xd8, 0xff, ..] if !ends(bytes) => Err(Reason::Damaged),
        [0xff, 0xd8, 0xff, ..] => Ok(ImageFormat::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(ImageFormat::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(ImageFormat::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(ImageFormat::WebP),
        _ if is_svg(bytes) => Err(Reason::Drawing),
        _ => Err(Reason::NotAPicture),
    }
}

/// Whether a JPEG's last scan has an end. Its decoder paints what is missing grey; a person would see half a face.
fn ends(bytes: &[u8]) -> bool {
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    // Inside a scan 0xff is followed by 0 or by a restart: these two are what they seem.
    match (last([0xff, 0xda]), last([0xff, 0xd9])) {
        (Some(scan), Some(end)) => end > scan,
        _ => false,
    }
}

fn is_svg(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1_024)]).to_ascii_lowercase();
    let text = start.trim_start_matches('\u{feff}').trim_start();
    text.starts_with("<svg") || (text.starts_with('<') && text.contains("<svg"))
}

fn fault(error: &ImageError) -> Reason {
    match error {
        ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::DimensionError) => Reason::TooManyPixels,
        ImageError::Limits(_) => Reason::TooComplex,
        _ => Reason::Damaged,
    }
}

/// Whether width and height change places.
fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

/// Where a square of the upright picture is in the file, whose picture is `width` by `height`.
fn in_file(orientation: Orientation, upright: Square, width: u32, height: u32) -> Square {
    let Square { x, y, edge } = upright;
    let (right, bottom) = (x + edge, y + edge);
    let (x, y) = match orientation {
        Orientation::NoTransforms => (x, y),
        Orientation::FlipHorizontal => (width - right, y),
        Orientation::Rotate180 => (width - right, height - bottom),
        Orientation::FlipVertical => (x, height - bottom),
        Orientation::Rotate90FlipH => (y, x),
        Orientation::Rotate90 => (y, height - right),
        Orientation::Rotate270FlipH => (width - bottom, height - right),
        Orientation::Rotate270 => (width - bottom, x),
    };
    Square { x, y, edge }
}

fn scaled(square: &RgbaImage, size: u32) -> RgbaImage {
    imageops::resize(square, size, size, Scaling::Lanczos3)
}

fn is_opaque(image: &RgbaImage) -> bool {
    image.pixels().all(|pixel| pixel.0[3] == u8::MAX)
}

fn encode(square: &RgbaImage, format: Format) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    match format {
        Format::Jpeg => {
            let opaque = DynamicImage::ImageRgba8(square.clone()).into_rgb8();
            JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(&opaque)?;
        }
        Format::Png => {
            let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Adaptive);
            square.write_with_encoder(encoder)?;
        }
    }
    Ok(bytes)
}
