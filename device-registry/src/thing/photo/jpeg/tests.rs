use super::*;

fn part(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[MARK, marker], &length[..], content].concat()
}

fn frame(width: u16, height: u16) -> Vec<u8> {
    let sides = [height.to_be_bytes(), width.to_be_bytes()].concat();
    part(0xc0, &[&[8], &sides[..], &[1, 1, 0x11, 0]].concat())
}

/// With the parts that a decoder needs, and `more` after the first marker.
fn picture(more: &[u8], frame: &[u8]) -> Vec<u8> {
    let scan = [
        part(SCAN, &[1, 1, 0, 0, 63, 0]),
        b"ab\xff\x00c\xff\xd0d".to_vec(),
    ]
    .concat();
    let tables = [part(0xdb, &[0; 65]), part(0xc4, &[0; 20])].concat();
    [&[MARK, START], more, &tables, frame, &scan, &[MARK, END]].concat()
}

#[test]
fn what_a_camera_tells_is_left_out() {
    let plain = picture(&[], &frame(640, 480));
    let told = [
        part(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        part(0xe1, b"Exif\0\0MM GPS 37.5665 126.9785"),
        part(0xe2, b"MPF\0"),
        part(0xed, b"Photoshop 3.0\0 Seoul"),
        part(0xfe, b"a comment"),
    ];
    let file = [
        picture(&told.concat(), &frame(640, 480)),
        b"a film".to_vec(),
    ]
    .concat();
    let jpeg = Jpeg::without_metadata(&file).unwrap();
    assert_eq!((jpeg.width, jpeg.height), (640, 480));
    assert_eq!(jpeg.bytes, plain);
    assert_eq!(Jpeg::without_metadata(&plain).unwrap().bytes, plain);
}

#[test]
fn the_colours_stay_as_they_are_stored() {
    let adobe = part(ADOBE, b"Adobe\0\x64\0\0\0\0\x01");
    let longer = part(ADOBE, b"Adobe\0\x64\0\0\0\0\x01 and where it was");
    let file = picture(&[adobe.clone(), longer].concat(), &frame(8, 8));
    let jpeg = Jpeg::without_metadata(&file).unwrap();
    assert_eq!(jpeg.bytes, picture(&adobe, &frame(8, 8)));
}

/// One that a browser would go over for minutes.
#[test]
fn a_picture_of_very_many_scans_is_refused() {
    let of = |scans: usize| {
        let scan = [part(SCAN, &[1, 1, 0, 0, 63, 0]), b"ab".to_vec()].concat();
        let start = [vec![MARK, START], frame(8, 8)].concat();
        let file = [start, scan.repeat(scans), vec![MARK, END]].concat();
        Jpeg::without_metadata(&file).map(|jpeg| jpeg.bytes == file)
    };
    assert_eq!(of(MAX_PHOTO_SCANS), Ok(true));
    assert_eq!(of(MAX_PHOTO_SCANS + 1), Err(JpegError::Scans));
}

#[test]
fn what_is_no_picture_is_refused() {
    let sound = picture(&[], &frame(8, 8));
    for length in 2..sound.len() {
        assert_eq!(
            Jpeg::without_metadata(&sound[..length]),
            Err(JpegError::Damaged)
        );
    }
    for (file, error) in [
        (b"\x89PNG\r\n\x1a\n".to_vec(), JpegError::Form),
        (vec![], JpegError::Form),
        (vec![0; MAX_PHOTO_BYTES + 1], JpegError::TooLong),
        (picture(&[], &frame(0, 8)), JpegError::Size),
        (picture(&[], &frame(8, MAX_PHOTO_SIDE + 1)), JpegError::Size),
        (picture(&[], &part(0xc3, &[8, 0, 8, 0, 8])), JpegError::Kind),
        (
            picture(&[], &[frame(8, 8), frame(8, 8)].concat()),
            JpegError::Damaged,
        ),
        (picture(&[], &[]), JpegError::Damaged),
        (vec![MARK, START, MARK, END], JpegError::Damaged),
    ] {
        assert_eq!(Jpeg::without_metadata(&file), Err(error));
    }
}
