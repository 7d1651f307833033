//! QR codes, as SVG.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around a code: readers need four.
const MARGIN: i32 = 4;

/// A text as a QR code; nothing where it is too long for one (2,331 bytes).
pub(super) fn qr_svg(text: &str) -> String {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else {
        return String::new();
    };
    let side = code.size() + 2 * MARGIN;
    let mut dark = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(dark, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path fill=\"#000\" d=\"{dark}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_three_corners_and_a_margin() {
        let svg = qr_svg("otpauth://totp/Madang:kim?secret=GEZDGNBVGY3TQOJQ");
        let side: i32 = svg.split("0 0 ").nth(1).unwrap()[..2].parse().unwrap();
        let dark = |x: i32, y: i32| svg.contains(&format!("M{x} {y}h1"));
        let far = side - 2 * MARGIN - 7 + MARGIN;
        for (x, y) in [(MARGIN, MARGIN), (far, MARGIN), (MARGIN, far)] {
            assert!((0..7).all(|at| dark(x + at, y) && dark(x, y + at)), "{svg}");
            assert!(!dark(x + 1, y + 1) && dark(x + 3, y + 3), "{svg}");
        }
        assert!((0..side).all(|at| !dark(at, MARGIN - 1) && !dark(MARGIN - 1, at)));
    }
}
