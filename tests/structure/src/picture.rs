//! The rooms as an SVG: the same rooms give the same bytes, and both colour
//! schemes are in the file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::layout::{Item, Layout, PASSING_WIDTH, layout};
use crate::rooms::Rooms;

// Pixels.
const BOX_HEIGHT: f64 = 30.0;
const LAYER_HEIGHT: f64 = 84.0;
const LETTER: f64 = 7.2;
const PADDING: f64 = 22.0;
const MARGIN: f64 = 14.0;
const TOP: f64 = 48.0;
/// The part of a box's width that its arrows share.
const PORTS: f64 = 0.7;

const STYLE: &str = r#"  text { font: 13px system-ui, "Segoe UI", sans-serif; fill: #14202a; text-anchor: middle; }
  .title { font-weight: 600; text-anchor: start; }
  .room { fill: #eaf2f9; stroke: #0f6fb8; }
  .line { fill: none; stroke: #51616e; stroke-width: 1.2; }
  .head { fill: #51616e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #dbe4ea; } .room { fill: #14293a; stroke: #56b4e9; }
    .line { stroke: #93a4b1; } .head { fill: #93a4b1; }
  }
"#;

/// The picture of the rooms: those between which there are arrows.
pub fn picture(rooms: &Rooms) -> String {
    let widths: Vec<f64> = rooms
        .all()
        .iter()
        .map(|room| room.folder.len() as f64 * LETTER + PADDING)
        .collect();
    let mut layout = layout(&widths, &rooms.arrows());
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for (item, x) in &layout.x {
        let half = width_of(*item, &widths) / 2.0;
        least = least.min(x - half);
        most = most.max(x + half);
    }
    for x in layout.x.values_mut() {
        *x += MARGIN - least;
    }
    let width = most - least + 2.0 * MARGIN;
    let height =
        TOP + layout.layers.len() as f64 * LAYER_HEIGHT - LAYER_HEIGHT + BOX_HEIGHT + MARGIN;

    let title = "Rooms: an arrow leads from a room to one that it knows";
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"{title}\">\n\
         <style>\n{STYLE}</style>\n\
         <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto\"><path class=\"head\" d=\"M0 0.5 8 4 0 7.5z\"/></marker></defs>\n\
         <text class=\"title\" x=\"{MARGIN}\" y=\"22\">{title}</text>\n"
    );
    for line in lines(&layout, &widths) {
        let _ = writeln!(
            svg,
            "<path class=\"line\" d=\"{line}\" marker-end=\"url(#head)\"/>"
        );
    }
    for (layer, items) in layout.layers.iter().enumerate() {
        for item in items {
            let Item::Box(number) = *item else { continue };
            let (x, y) = (layout.x[item], top(&layout, layer));
            let _ = writeln!(
                svg,
                "<rect class=\"room\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" \
                 height=\"{BOX_HEIGHT}\" rx=\"4\"/><text x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                x - widths[number] / 2.0,
                widths[number],
                y + BOX_HEIGHT / 2.0 + 4.5,
                rooms.all()[number].folder
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn width_of(item: Item, widths: &[f64]) -> f64 {
    match item {
        Item::Box(number) => widths[number],
        Item::Passing { .. } => PASSING_WIDTH,
    }
}

/// Where the boxes of a layer begin; layer 0 is the lowest.
fn top(layout: &Layout, layer: usize) -> f64 {
    TOP + (layout.layers.len() - 1 - layer) as f64 * LAYER_HEIGHT
}

/// Each arrow's path.
fn lines(layout: &Layout, widths: &[f64]) -> Vec<String> {
    let layer_of: BTreeMap<Item, usize> = layout
        .layers
        .iter()
        .enumerate()
        .flat_map(|(layer, items)| items.iter().map(move |&item| (item, layer)))
        .collect();
    let mut paths = Vec::new();
    for (number, line) in layout.lines.iter().enumerate() {
        let mut path = String::new();
        let mut last = (0.0, 0.0);
        for (at, item) in line.iter().enumerate() {
            let y = top(layout, layer_of[item]);
            let x = if at == 0 || at == line.len() - 1 {
                port(layout, widths, number, at == 0)
            } else {
                layout.x[item]
            };
            if at > 0 {
                let middle = (last.1 + y) / 2.0;
                let _ = write!(
                    path,
                    " C{:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}",
                    last.0
                );
            }
            last = (x, y + BOX_HEIGHT);
            if at == 0 {
                let _ = write!(path, "M{x:.1} {:.1}", last.1);
            } else if at < line.len() - 1 {
                let _ = write!(path, " V{:.1}", last.1);
            }
        }
        paths.push(path);
    }
    paths
}

/// Where on its box an arrow begins or ends: the arrows of one side stand in
/// the order of where they come from or go to, so that they do not cross there.
fn port(layout: &Layout, widths: &[f64], number: usize, begins: bool) -> f64 {
    let end = |line: &[Item]| {
        if begins {
            line[0]
        } else {
            line[line.len() - 1]
        }
    };
    let next = |line: &[Item]| {
        layout.x[&if begins {
            line[1]
        } else {
            line[line.len() - 2]
        }]
    };
    let here = end(&layout.lines[number]);
    let mut side: Vec<usize> = (0..layout.lines.len())
        .filter(|&other| end(&layout.lines[other]) == here)
        .collect();
    side.sort_by(|&one, &other| next(&layout.lines[one]).total_cmp(&next(&layout.lines[other])));
    let at = side.iter().position(|&other| other == number).unwrap_or(0);
    let width = width_of(here, widths) * PORTS;
    layout.x[&here] + width * ((at as f64 + 0.5) / side.len() as f64 - 0.5)
}
