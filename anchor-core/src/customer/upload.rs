//! A file that somebody sent: what it is, by its content alone, and without what it says of the camera and its place.
//!
//! Nothing is decoded here, so nothing can unfold to more than it is: a picture's structure is walked, its size in pixels is
//! read and bounded, and what follows its end is cut off or refused.

use std::fmt;

/// Most pixels of a picture: whoever opens it later must not be blown up by it.
const PIXELS_MAX: u64 = 100_000_000;

/// The kinds of files that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A photo.
    Jpeg,
    /// A picture.
    Png,
    /// A document.
    Pdf,
    /// A film, where somebody shows that they live.
    Mp4,
    /// A film.
    Webm,
}

impl FileKind {
    /// `image/jpeg` and the like.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
        }
    }

    /// What begins like this.
    fn of(content: &[u8]) -> Option<Self> {
        match content {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Self::Mp4),
            [0x1a, 0x45, 0xdf, 0xa3, ..] => Some(Self::Webm),
            _ => None,
        }
    }

    /// Films are for [`proof_of_liveness`](super::fields) only.
    pub const fn is_film(self) -> bool {
        matches!(self, Self::Mp4 | Self::Webm)
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UploadFault {
    /// Nothing at all.
    #[error("is empty")]
    Empty,
    /// Another kind, whatever its name and header say.
    #[error("is not a JPEG, PNG or PDF file (or, for proof_of_liveness, MP4 or WebM)")]
    Kind,
    /// It ends in the middle, or is none inside.
    #[error("cannot be read: it is damaged or not what it begins like")]
    Damaged,
    /// Unfolded it would be huge.
    #[error("has too many pixels")]
    Pixels,
}

/// A file that may be kept.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// What it is.
    pub kind: FileKind,
    /// What is kept of it.
    pub content: Vec<u8>,
}

/// The size only.
impl fmt::Debug for Inspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inspected({}, {} bytes)", self.kind.media_type(), self.content.len())
    }
}

/// Looks at a file.
///
/// # Errors
/// What is wrong with it.
pub fn inspect(content: &[u8]) -> Result<Inspected, UploadFault> {
    if content.is_empty() {
        return Err(UploadFault::Empty);
    }
    let kind = FileKind::of(content).ok_or(UploadFault::Kind)?;
    let content = match kind {
        FileKind::Jpeg => jpeg(content)?,
        FileKind::Png => png(content)?,
        FileKind::Pdf => pdf(content)?,
        FileKind::Mp4 | FileKind::Webm => content.to_vec(),
    };
    Ok(Inspected { kind, content })
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn bounded(width: u64, height: u64) -> Result<(), UploadFault> {
    match width.checked_mul(height) {
        Some(1..=PIXELS_MAX) => Ok(()),
        Some(0) => Err(UploadFault::Damaged),
        _ => Err(UploadFault::Pixels),
    }
}

/// Keeps the segments that a picture is made of: what cameras and editors write about themselves (EXIF, XMP, IPTC,
/// comments) goes, and so does what comes after the end, another picture included.
fn jpeg(content: &[u8]) -> Result<Vec<u8>, UploadFault> {
    let damaged = UploadFault::Damaged;
    let mut kept = vec![0xff, 0xd8];
    let mut at = 2_usize;
    let (mut has_size, mut has_scan) = (false, false);
    loop {
        let (Some(0xff), Some(&marker)) = (content.get(at), content.get(at + 1)) else { return Err(damaged) };
        if marker == 0xff {
            at += 1; // filler
            continue;
        }
        if marker == 0xd9 && has_scan {
            kept.extend_from_slice(&[0xff, 0xd9]);
            return Ok(kept);
        }
        let length = usize::from(be16(content, at + 2).ok_or(damaged)?);
        let mut end = at + 2 + length;
        let segment = content.get(at..end).filter(|_| length >= 2).ok_or(damaged)?;
        match marker {
            // the frame: its size; C4, C8 and CC are tables
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let (height, width) = (be16(segment, 5).ok_or(damaged)?, be16(segment, 7).ok_or(damaged)?);
                bounded(width.into(), height.into())?;
                has_size = true;
                kept.extend_from_slice(segment);
            }
            // JFIF, the colour profile and Adobe's colour transform say how it looks
            0xe0 | 0xee => kept.extend_from_slice(segment),
            0xe2 if segment.get(4..).is_some_and(|body| body.starts_with(b"ICC_PROFILE\0")) => {
                kept.extend_from_slice(segment);
            }
            0xe1..=0xef | 0xfe => {}
            // a part of the picture itself: a pass over it
            0xda if has_size => {
                end = next_marker(content, end).ok_or(damaged)?;
                kept.extend_from_slice(content.get(at..end).ok_or(damaged)?);
                has_scan = true;
            }
            0xc4 | 0xcc | 0xdb | 0xdd => kept.extend_from_slice(segment),
            _ => return Err(damaged),
        }
        at = end;
    }
}

/// Where the compressed data that begin at `from` end. Within them a 0xff is followed by 0 or by a restart mark.
fn next_marker(content: &[u8], from: usize) -> Option<usize> {
    let data = content.get(from..)?;
    let length = data.windows(2).position(|two| two[0] == 0xff && !matches!(two[1], 0 | 0xd0..=0xd7))?;
    from.checked_add(length)
}

/// Keeps the chunks that a picture is made of. Nothing comes after the last one.
fn png(content: &[u8]) -> Result<Vec<u8>, UploadFault> {
    let damaged = UploadFault::Damaged;
    let mut kept = content.get(..8).ok_or(damaged)?.to_vec();
    let mut at = 8_usize;
    let mut has_data = false;
    loop {
        let length = usize::try_from(be32(content, at).ok_or(damaged)?).map_err(|_| damaged)?;
        let end = at.checked_add(12).and_then(|head| head.checked_add(length)).ok_or(damaged)?;
        let chunk = content.get(at..end).ok_or(damaged)?;
        let name = chunk.get(4..8).ok_or(damaged)?;
        if (at == 8) != (name == b"IHDR") {
            return Err(damaged);
        }
        match name {
            b"IHDR" => {
                let (width, height) = (be32(chunk, 8).ok_or(damaged)?, be32(chunk, 12).ok_or(damaged)?);
                bounded(width.into(), height.into())?;
                kept.extend_from_slice(chunk);
            }
            b"eXIf" | b"tEXt" | b"zTXt" | b"iTXt" | b"tIME" => {}
            b"IEND" if has_data => {
                kept.extend_from_slice(chunk);
                return Ok(kept);
            }
            b"IEND" => return Err(damaged),
            name => {
                has_data |= name == b"IDAT";
                kept.extend_from_slice(chunk);
            }
        }
        at = end;
    }
}

/// A document ends with its mark; some programs write a little after it.
fn pdf(content: &[u8]) -> Result<Vec<u8>, UploadFault> {
    let tail = content.get(content.len().saturating_sub(1024)..).unwrap_or(content);
    let ends = tail.windows(5).any(|five| five == b"%%EOF");
    if ends { Ok(content.to_vec()) } else { Err(UploadFault::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fakes::samples;

    #[test]
    fn what_a_file_says_of_its_origin_goes() {
        let photo = samples::jpeg_with_place();
        let kept = inspect(&photo).unwrap();
        assert_eq!(kept.kind, FileKind::Jpeg);
        for secret in [&b"Exif"[..], b"GPS here", b"a comment"] {
            assert!(photo.windows(secret.len()).any(|part| part == secret));
            assert!(!kept.content.windows(secret.len()).any(|part| part == secret));
        }
        // what is kept is a picture still, and stays as it is
        assert_eq!(inspect(&kept.content).unwrap(), kept);
        let picture = samples::png(2, 2);
        assert_eq!(inspect(&picture).unwrap().content, picture);
    }

    #[test]
    fn bomb_of_pixels_and_damaged_files_are_refused() {
        assert_eq!(inspect(&samples::png(60_000, 60_000)), Err(UploadFault::Pixels));
        assert_eq!(inspect(&samples::png(0, 1)), Err(UploadFault::Damaged));
        let (photo, picture) = (samples::jpeg_with_place(), samples::png(2, 2));
        for whole in [&photo, &picture] {
            for length in 1..whole.len() {
                assert!(inspect(&whole[..length]).is_err(), "{length} of {}", whole.len());
            }
        }
        // another file behind the picture is not kept
        let polyglot = [&photo[..], b"PK\x03\x04 and an archive"].concat();
        assert_eq!(inspect(&polyglot).unwrap(), inspect(&photo).unwrap());
        let polyglot = [&picture[..], b"PK\x03\x04 and an archive"].concat();
        assert_eq!(inspect(&polyglot).unwrap().content, picture);
    }

    /// Telephones write a second picture behind the first, with the place where it was taken; so do archives that hide.
    #[test]
    fn second_picture_behind_the_end_is_not_kept() {
        let photo = samples::jpeg_with_place();
        let two = [&photo[..], &photo[..]].concat();
        assert_eq!(inspect(&two).unwrap(), inspect(&photo).unwrap());
        // an end within the head of a pass is none: what was kept could not be read
        let head_ends = [&photo[..photo.len() - 12], &[0xff, 0xda, 0, 8, 1, 1, 0xff, 0xd9, 0, 0]].concat();
        assert_eq!(inspect(&head_ends), Err(UploadFault::Damaged));
    }

    #[test]
    fn every_pass_of_a_picture_is_kept() {
        let photo = samples::jpeg_with_place();
        let pass = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0xff, 0, 0xff, 0xd0, 0x34];
        let (before, end) = photo.split_at(photo.len() - 2);
        let passes = [before, &pass, &pass, end].concat();
        let kept = inspect(&passes).unwrap().content;
        assert!(kept.ends_with(&[&pass[..], &pass, end].concat()));
        assert_eq!(inspect(&kept).unwrap().content, kept);
    }

    #[test]
    fn kind_is_what_the_content_says() {
        assert_eq!(inspect(b"%PDF-1.7\n...\n%%EOF\n").unwrap().kind, FileKind::Pdf);
        assert_eq!(inspect(b"%PDF-1.7\n..."), Err(UploadFault::Damaged));
        assert!(inspect(b"\0\0\0\x18ftypmp42").unwrap().kind.is_film());
        assert!(inspect(b"\x1a\x45\xdf\xa3").unwrap().kind.is_film());
        for other in [&b"PK\x03\x04"[..], b"GIF89a", b"<svg", b"MZ", b"\x1f\x8b"] {
            assert_eq!(inspect(other), Err(UploadFault::Kind));
        }
        assert_eq!(inspect(b""), Err(UploadFault::Empty));
    }
}
