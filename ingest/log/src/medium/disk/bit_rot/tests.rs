//! Every single bit of a frame, and frames that tore.

use super::*;

const EPOCH: u32 = 0x1234_5678;

fn frame(body: usize) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    bytes[4..8].copy_from_slice(&(body as u32).to_le_bytes());
    bytes[8..12].copy_from_slice(&EPOCH.to_le_bytes());
    bytes[16..24].copy_from_slice(&77u64.to_le_bytes());
    bytes.extend((0..body).map(|at| ((at * 32) | at) as u8));
    let crc = crc32c::crc32c(&bytes[4..]);
    bytes[..4].copy_from_slice(&crc.to_le_bytes());
    bytes.resize(bytes.len() + 600, 0);
    bytes
}

#[test]
fn any_single_bit_is_recognised_and_no_two_are() {
    for body in [0, 1, 40, 333] {
        let sound = frame(body);
        let bits = (HEADER_BYTES + body) * 8;
        assert!(!is_one_bit_off(&sound, EPOCH, Offset::new(77)));
        for bit in 0..bits {
            let mut damaged = sound.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(
                is_one_bit_off(&damaged, EPOCH, Offset::new(77)),
                "bit {bit}"
            );
            assert!(!is_one_bit_off(&damaged, EPOCH, Offset::new(200)));
            let second = (bit * 7 + 13) % bits;
            if second != bit {
                damaged[second / 8] ^= 1 << (second % 8);
                let off = is_one_bit_off(&damaged, EPOCH, Offset::new(77));
                assert!(!off, "bits {bit} and {second}");
            }
        }
    }
}

#[test]
fn a_frame_that_tore_is_not_one_bit_off() {
    // The last of them ends in a byte with a single bit.
    for body in [0, 40, 333, 9] {
        let sound = frame(body);
        for torn in 0..HEADER_BYTES + body {
            let mut damaged = sound.clone();
            damaged[torn..].fill(0);
            let off = is_one_bit_off(&damaged, EPOCH, Offset::new(77));
            assert!(!off, "{body} bytes torn at {torn}");
        }
    }
}
