//! What is refused, with which words, and what is made of what is taken.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{
    DynamicImage, Frame, GenericImageView, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage,
};
use shared::domain::avatar::{Crop, Format, Reason, SIZES};
use shared::domain::id::UploadId;
use ulid::Ulid;

use crate::picture::{Made, make};

const RED: [u8; 3] = [220, 30, 30];
const GREEN: [u8; 3] = [30, 180, 60];
const BLUE: [u8; 3] = [40, 60, 220];
const GREY: [u8; 3] = [128, 128, 128];

fn ticket() -> UploadId {
    UploadId(Ulid::from_parts(1, 1))
}

fn made(bytes: &[u8]) -> Result<Made, Reason> {
    make(bytes, ticket(), None)
}

/// Four quarters: red, green over blue, grey.
fn quarters(width: u32, height: u32) -> RgbImage {
    ImageBuffer::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb(RED),
        (false, true) => Rgb(GREEN),
        (true, false) => Rgb(BLUE),
        (false, false) => Rgb(GREY),
    })
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 95)
        .encode_image(image)
        .unwrap();
    bytes
}

/// With an EXIF segment that says how the picture is to be turned.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let segment = [&[0xff, 0xe1][..], &length, &exif].concat();
    [&jpeg[..2], &segment, &jpeg[2..]].concat()
}

fn opened(made: &Made, place: usize) -> RgbaImage {
    image::load_from_memory(&made.sizes[place]).unwrap().into_rgba8()
}

fn is_near(pixel: &Rgba<u8>, colour: [u8; 3]) -> bool {
    pixel.0.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 24)
}

/// A PNG's beginning that says it is this large.
fn png_header(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend_from_slice(&width.to_be_bytes());
    chunk.extend_from_slice(&height.to_be_bytes());
    chunk.extend_from_slice(&[depth, colour, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend_from_slice(&chunk);
    bytes.extend_from_slice(&crc32(&chunk).to_be_bytes());
    // The beginning of data, so that a reader gets as far as asking for memory.
    bytes.extend_from_slice(b"\0\0\0\x04IDAT\x78\x9c\x03\0");
    bytes.extend_from_slice(&crc32(b"IDAT\x78\x9c\x03\0").to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn every_format_becomes_three_clean_squares() {
    let picture = DynamicImage::ImageRgb8(quarters(300, 200));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let made = made(&encoded(&picture, format)).unwrap();
        assert_eq!(made.picture.format, Format::Jpeg, "{format:?} is opaque");
        for (place, size) in SIZES.iter().enumerate() {
            let square = opened(&made, place);
            assert_eq!(square.dimensions(), (*size, *size));
            let at = |x: u32, y: u32| *square.get_pixel(x * size / 8, y * size / 8);
            for (pixel, colour) in [(at(1, 1), RED), (at(7, 1), GREEN), (at(1, 7), BLUE), (at(7, 7), GREY)] {
                assert!(is_near(&pixel, colour), "{format:?} {size}: {pixel:?}");
            }
        }
    }
}

#[test]
fn what_can_be_seen_through_stays_so() {
    let glass = RgbaImage::from_fn(90, 90, |x, _| Rgba([10, 20, 30, if x < 45 { 0 } else { 255 }]));
    let made = made(&encoded(&DynamicImage::ImageRgba8(glass), ImageFormat::Png)).unwrap();
    assert_eq!(made.picture.format, Format::Png);
    let square = opened(&made, 1);
    assert_eq!(
        (square.get_pixel(10, 128).0[3], square.get_pixel(250, 128).0[3]),
        (0, 255)
    );
}

#[test]
fn a_picture_is_turned_upright_before_it_is_cut_whatever_its_file_says() {
    let upright = quarters(160, 80);
    // Of the right half, the lower part: grey, with green above it.
    let crop = Crop {
        x: 0.5,
        y: 0.25,
        size: 0.75,
    };
    for number in 1..=8 {
        let inverse = match number {
            6 => 8,
            8 => 6,
            same => same,
        };
        let mut lying = DynamicImage::ImageRgb8(upright.clone());
        lying.apply_orientation(Orientation::from_exif(inverse).unwrap());
        let bytes = with_orientation(&jpeg(&lying.into_rgb8()), number);
        let whole = opened(&made(&bytes).unwrap(), 1);
        for (x, y, colour) in [(20, 20, RED), (235, 20, GREEN), (20, 235, BLUE), (235, 235, GREY)] {
            assert!(
                is_near(whole.get_pixel(x, y), colour),
                "{number}: {:?} at {x}, {y}",
                whole.get_pixel(x, y)
            );
        }
        let made = make(&bytes, ticket(), Some(crop)).unwrap();
        let cut = opened(&made, 1);
        for (x, y, colour) in [(20, 20, GREEN), (235, 20, GREEN), (20, 235, GREY), (235, 235, GREY)] {
            assert!(
                is_near(cut.get_pixel(x, y), colour),
                "{number} cut: {:?} at {x}, {y}",
                cut.get_pixel(x, y)
            );
        }
        for bytes in &made.sizes {
            assert!(!bytes.windows(4).any(|four| four == b"Exif"), "metadata is stripped");
        }
    }
}

#[test]
fn of_an_animation_the_first_picture_is_kept() {
    let mut gif = Vec::new();
    let frame = |colour: [u8; 3]| {
        let [r, g, b] = colour;
        Frame::new(RgbaImage::from_pixel(50, 50, Rgba([r, g, b, 255])))
    };
    GifEncoder::new(&mut gif)
        .encode_frames([frame(RED), frame(BLUE)])
        .unwrap();
    let made = made(&gif).unwrap();
    assert!(is_near(opened(&made, 0).get_pixel(32, 32), RED));
}

#[test]
fn sixteen_bits_grey_and_tiny_are_taken() {
    let deep = ImageBuffer::<Rgb<u16>, Vec<u16>>::from_pixel(70, 70, Rgb([0xdc00, 0x1e00, 0x1e00]));
    let made_of_deep = made(&encoded(&DynamicImage::ImageRgb16(deep), ImageFormat::Png)).unwrap();
    assert!(is_near(opened(&made_of_deep, 0).get_pixel(32, 32), RED));
    let grey = GrayImage::from_pixel(70, 50, Luma([128]));
    let made_of_grey = made(&encoded(&DynamicImage::ImageLuma8(grey), ImageFormat::Jpeg)).unwrap();
    assert!(is_near(opened(&made_of_grey, 0).get_pixel(32, 32), GREY));
    let dot = made(&encoded(&DynamicImage::ImageRgb8(quarters(1, 1)), ImageFormat::Png)).unwrap();
    assert_eq!(opened(&dot, 2).dimensions(), (512, 512));
}

/// Made by Pillow: its encoders know what ours do not.
#[test]
fn pictures_for_print_in_passes_and_in_motion_are_taken() {
    let print = made(include_bytes!("../../../tests/fixtures/pictures/cmyk.jpg")).unwrap();
    let passes = made(include_bytes!("../../../tests/fixtures/pictures/progressive.jpg")).unwrap();
    for made in [print, passes] {
        let square = opened(&made, 0);
        let (upper, lower) = (square.get_pixel(32, 10), square.get_pixel(32, 54));
        assert!(is_near(upper, RED) && is_near(lower, BLUE), "{upper:?} {lower:?}");
    }
    let motion = made(include_bytes!("../../../tests/fixtures/pictures/animated.webp")).unwrap();
    assert!(is_near(opened(&motion, 0).get_pixel(32, 32), RED));
}

#[test]
fn forty_megapixels_are_taken_and_one_more_is_not() {
    let wide = DynamicImage::ImageLuma8(GrayImage::from_pixel(8_000, 5_000, Luma([128])));
    let bytes = encoded(&wide, ImageFormat::Jpeg);
    assert!(is_near(opened(&made(&bytes).unwrap(), 0).get_pixel(32, 32), GREY));
    assert_eq!(
        made(&png_header(8_000, 5_001, 8, 2)).unwrap_err(),
        Reason::TooManyPixels
    );
    assert_eq!(
        made(&png_header(8_200, 5_000, 8, 0)).unwrap_err(),
        Reason::TooManyPixels
    );
}

#[test]
fn whatever_is_no_whole_picture_is_refused_in_words_for_its_person() {
    let picture = quarters(300, 200);
    let (photo, dynamic) = (jpeg(&picture), DynamicImage::ImageRgb8(picture));
    let half = |format| {
        let bytes = encoded(&dynamic, format);
        bytes[..bytes.len() / 2].to_vec()
    };
    let bomb = |width: u32, height: u32| {
        // A canvas of VP8X, as large as its fields can say.
        let mut bytes = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
        bytes.extend_from_slice(&u32::to_le_bytes(width - 1)[..3]);
        bytes.extend_from_slice(&u32::to_le_bytes(height - 1)[..3]);
        bytes.extend_from_slice(b"VP8L\0\0\0\0");
        bytes
    };
    let gif_bomb = b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0;";
    let huge = vec![0xff; 5 * 1024 * 1024 + 1];
    let cases: &[(&str, Vec<u8>, Reason)] = &[
        ("nothing", vec![], Reason::Empty),
        ("5 MiB and a byte", huge, Reason::TooLarge),
        ("text", b"I am a picture, believe me.".to_vec(), Reason::NotAPicture),
        (
            "HTML called .png",
            b"<!doctype html><script>alert(1)</script>".to_vec(),
            Reason::NotAPicture,
        ),
        ("a PDF", b"%PDF-1.7 ...".to_vec(), Reason::NotAPicture),
        ("a bitmap", b"BM\x3a\0\0\0\0\0\0\0".to_vec(), Reason::NotAPicture),
        (
            "SVG",
            b"  <svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(),
            Reason::Drawing,
        ),
        (
            "SVG of XML",
            b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- x --><SVG/>".to_vec(),
            Reason::Drawing,
        ),
        ("half a JPEG", photo[..photo.len() / 2].to_vec(), Reason::Damaged),
        (
            "a JPEG but its last bytes",
            photo[..photo.len() - 2].to_vec(),
            Reason::Damaged,
        ),
        ("a JPEG's first bytes", photo[..3].to_vec(), Reason::Damaged),
        ("half a PNG", half(ImageFormat::Png), Reason::Damaged),
        ("half a WebP", half(ImageFormat::WebP), Reason::Damaged),
        ("half a GIF", half(ImageFormat::Gif), Reason::Damaged),
        (
            "GIF and script",
            b"GIF89a/*\0\0\0*/=1;alert(1)//".to_vec(),
            Reason::Damaged,
        ),
        (
            "JPEG and HTML",
            b"\xff\xd8\xff\xe0<html><script>alert(1)</script>\xff\xda\xff\xd9".to_vec(),
            Reason::Damaged,
        ),
        ("a PNG bomb", png_header(60_000, 60_000, 8, 6), Reason::TooManyPixels),
        ("a PNG of 2^31", png_header(0x7fff_ffff, 1, 8, 0), Reason::TooComplex),
        ("a deep PNG", png_header(6_324, 6_324, 16, 6), Reason::TooComplex),
        ("a WebP bomb", bomb(16_384, 16_384), Reason::TooManyPixels),
        ("a GIF bomb", gif_bomb.to_vec(), Reason::TooManyPixels),
    ];
    for (name, bytes, reason) in cases {
        let refused = made(bytes).map(|_| ());
        assert_eq!(refused, Err(*reason), "{name}");
        println!("{name}: {}", reason.text());
        assert!(reason.text().ends_with('.'));
    }
}

#[test]
fn what_is_packed_behind_or_inside_a_picture_is_gone() {
    let script = b"<html><script>alert(document.domain)</script></html>";
    let mut comment = vec![0xff, 0xfe];
    comment.extend_from_slice(&u16::try_from(script.len() + 2).unwrap().to_be_bytes());
    comment.extend_from_slice(script);
    let photo = jpeg(&quarters(300, 200));
    let inside = [&photo[..2], &comment, &photo[2..]].concat();
    let behind = [&photo[..], script].concat();
    let png = encoded(&DynamicImage::ImageRgb8(quarters(30, 20)), ImageFormat::Png);
    let behind_png = [&png[..], b"PK\x03\x04", script].concat();
    for bytes in [inside, behind, behind_png] {
        let made = made(&bytes).unwrap();
        for bytes in &made.sizes {
            assert!(!bytes.windows(7).any(|seven| seven == b"<script"));
            assert!(!bytes.windows(4).any(|four| four == b"PK\x03\x04"));
        }
    }
}

#[test]
fn the_same_upload_is_the_same_picture_and_another_is_another() {
    let bytes = jpeg(&quarters(300, 200));
    let (first, again) = (made(&bytes).unwrap(), made(&bytes).unwrap());
    assert_eq!((&first.picture, &first.sizes), (&again.picture, &again.sizes));
    let other = make(&bytes, UploadId(Ulid::from_parts(1, 2)), None).unwrap();
    assert_ne!(first.picture, other.picture);
    assert_eq!(first.sizes, other.sizes);
}

#[test]
fn a_webp_with_alpha_is_read() {
    let glass = RgbaImage::from_pixel(40, 40, Rgba([1, 2, 3, 4]));
    let mut bytes = Vec::new();
    glass.write_with_encoder(WebPEncoder::new_lossless(&mut bytes)).unwrap();
    assert_eq!(made(&bytes).unwrap().picture.format, Format::Png);
    assert_eq!(image::load_from_memory(&bytes).unwrap().dimensions(), (40, 40));
}
