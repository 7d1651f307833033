//! Where boxes and arrows of a graph without circles stand: layers by the
//! longest path, few crossings, straight arrows.

use std::collections::BTreeMap;

/// Orders to begin with, and rounds of sorting from each: more find nothing
/// better at this size.
const STARTS: u64 = 24;
const SWEEPS: usize = 8;
/// Rounds of moving.
const ROUNDS: usize = 60;
/// How much more an arrow that passes a layer keeps its place than a box does:
/// long arrows become straight.
const STRAIGHT: f64 = 4.0;
/// An arrow that passes a layer takes a narrow place of its own there.
pub(crate) const PASSING_WIDTH: f64 = 14.0;
const GAP: f64 = 16.0;

/// A box, or where an arrow passes a layer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Item {
    Box(usize),
    Passing {
        from: usize,
        to: usize,
        layer: usize,
    },
}

/// Each layer from left to right; layer 0 has the boxes without an arrow out.
pub(crate) struct Layout {
    pub(crate) layers: Vec<Vec<Item>>,
    /// The middle of each.
    pub(crate) x: BTreeMap<Item, f64>,
    /// What each arrow leads through, from its box to the other.
    pub(crate) lines: Vec<Vec<Item>>,
}

/// The layers of boxes: one more than the highest one that they point to.
fn layers_of(boxes: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let mut layer = vec![0; boxes];
    // As many rounds as there are boxes reach the longest path.
    for _ in 0..boxes {
        for &(from, to) in arrows {
            layer[from] = layer[from].max(layer[to] + 1);
        }
    }
    layer
}

pub(crate) fn layout(widths: &[f64], arrows: &[(usize, usize)]) -> Layout {
    let layer = layers_of(widths.len(), arrows);
    let mut layers = vec![Vec::new(); layer.iter().max().map_or(0, |highest| highest + 1)];
    for (number, &layer) in layer.iter().enumerate() {
        // A box without arrows says nothing.
        if arrows
            .iter()
            .any(|&(from, to)| from == number || to == number)
        {
            layers[layer].push(Item::Box(number));
        }
    }
    let mut lines = Vec::new();
    for &(from, to) in arrows {
        let mut line = vec![Item::Box(from)];
        for at in (layer[to] + 1..layer[from]).rev() {
            let passing = Item::Passing {
                from,
                to,
                layer: at,
            };
            layers[at].push(passing);
            line.push(passing);
        }
        line.push(Item::Box(to));
        lines.push(line);
    }
    let pieces: Vec<(Item, Item)> = lines
        .iter()
        .flat_map(|line| line.windows(2).map(|pair| (pair[0], pair[1])))
        .collect();
    order(&mut layers, &pieces);
    let x = places(&layers, &pieces, widths);
    Layout { layers, x, lines }
}

fn neighbours(pieces: &[(Item, Item)]) -> BTreeMap<Item, Vec<Item>> {
    let mut neighbours = BTreeMap::<Item, Vec<Item>>::new();
    for &(upper, lower) in pieces {
        neighbours.entry(upper).or_default().push(lower);
        neighbours.entry(lower).or_default().push(upper);
    }
    neighbours
}

fn ranks(layers: &[Vec<Item>]) -> BTreeMap<Item, f64> {
    let mut ranks = BTreeMap::new();
    for layer in layers {
        for (at, &item) in layer.iter().enumerate() {
            ranks.insert(item, (at as f64 + 0.5) / layer.len() as f64);
        }
    }
    ranks
}

fn mean(items: &[Item], of: &BTreeMap<Item, f64>) -> f64 {
    items.iter().map(|item| of[item]).sum::<f64>() / items.len() as f64
}

/// Sorts each layer by where its neighbours are, again and again, then swaps
/// neighbours while that helps. Of several orders to begin with the one counts
/// that ends with the fewest crossings.
fn order(layers: &mut Vec<Vec<Item>>, pieces: &[(Item, Item)]) {
    let neighbours = neighbours(pieces);
    let count = layers.len();
    let mut best = (crossings(layers, pieces), layers.clone());
    let first = layers.clone();
    for start in 0..STARTS {
        layers.clone_from(&first);
        for layer in layers.iter_mut() {
            shuffle(layer, start);
        }
        for round in 0..SWEEPS {
            for at in 0..count {
                let at = in_turn(round, at, count);
                let ranks = ranks(layers);
                let wish = |item: &Item| match neighbours.get(item) {
                    Some(items) => mean(items, &ranks),
                    None => ranks[item],
                };
                layers[at].sort_by(|one, other| wish(one).total_cmp(&wish(other)));
            }
            swap_where_it_helps(layers, pieces);
            let crossings = crossings(layers, pieces);
            if crossings < best.0 {
                best = (crossings, layers.clone());
            }
        }
    }
    *layers = best.1;
}

/// Another order for each start, and the same at each run; 0 keeps it.
fn shuffle(layer: &mut [Item], start: u64) {
    let mut number = start;
    for at in (1..layer.len()).rev().take_while(|_| start > 0) {
        // Knuth's multiplier; the high bits are the better ones.
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(start);
        layer.swap(at, (number >> 33) as usize % (at + 1));
    }
}

/// Upwards and downwards in turn.
fn in_turn(round: usize, at: usize, count: usize) -> usize {
    if round.is_multiple_of(2) {
        at
    } else {
        count - 1 - at
    }
}

fn swap_where_it_helps(layers: &mut [Vec<Item>], pieces: &[(Item, Item)]) {
    let mut least = crossings(layers, pieces);
    loop {
        let before = least;
        for at in 0..layers.len() {
            for left in 1..layers[at].len() {
                layers[at].swap(left - 1, left);
                let crossings = crossings(layers, pieces);
                if crossings < least {
                    least = crossings;
                } else {
                    layers[at].swap(left - 1, left);
                }
            }
        }
        if least == before {
            return;
        }
    }
}

fn crossings(layers: &[Vec<Item>], pieces: &[(Item, Item)]) -> usize {
    let mut places = BTreeMap::new();
    for (layer, items) in layers.iter().enumerate() {
        for (at, &item) in items.iter().enumerate() {
            places.insert(item, (layer, at));
        }
    }
    let ends: Vec<_> = pieces
        .iter()
        .map(|(upper, lower)| (places[upper], places[lower]))
        .collect();
    let mut crossings = 0;
    for (at, (upper, lower)) in ends.iter().enumerate() {
        for (other_upper, other_lower) in &ends[..at] {
            let same_layer = upper.0 == other_upper.0;
            let one_way = upper.1 < other_upper.1 && lower.1 > other_lower.1;
            let other_way = upper.1 > other_upper.1 && lower.1 < other_lower.1;
            crossings += usize::from(same_layer && (one_way || other_way));
        }
    }
    crossings
}

/// Moves each layer to the middle of its neighbours, as far as its order and
/// the widths of its boxes allow.
fn places(layers: &[Vec<Item>], pieces: &[(Item, Item)], widths: &[f64]) -> BTreeMap<Item, f64> {
    let neighbours = neighbours(pieces);
    let width = |item: &Item| match *item {
        Item::Box(number) => widths[number],
        Item::Passing { .. } => PASSING_WIDTH,
    };
    let mut x = BTreeMap::new();
    for layer in layers {
        let mut end = 0.0;
        for &item in layer {
            x.insert(item, end + width(&item) / 2.0);
            end += width(&item) + GAP;
        }
    }
    for round in 0..ROUNDS {
        for at in 0..layers.len() {
            let layer = &layers[in_turn(round, at, layers.len())];
            // How far each must be from the first one, at least.
            let mut offsets = vec![0.0];
            for pair in layer.windows(2) {
                let apart = (width(&pair[0]) + width(&pair[1])) / 2.0 + GAP;
                offsets.push(offsets.last().copied().unwrap_or_default() + apart);
            }
            let wishes = layer.iter().zip(&offsets).map(|(item, offset)| {
                let wish = neighbours
                    .get(item)
                    .map_or(x[item], |items| pull(*item, items, &x));
                (wish - offset, weight(item))
            });
            let moved = rising(wishes);
            for ((&item, offset), moved) in layer.iter().zip(&offsets).zip(moved) {
                x.insert(item, moved + offset);
            }
        }
    }
    x
}

fn weight(item: &Item) -> f64 {
    match item {
        Item::Box(_) => 1.0,
        Item::Passing { .. } => STRAIGHT,
    }
}

/// Where its neighbours draw it; the rest of a long arrow draws most.
fn pull(item: Item, neighbours: &[Item], x: &BTreeMap<Item, f64>) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for neighbour in neighbours {
        let weight = weight(neighbour).min(weight(&item));
        sum += x[neighbour] * weight;
        weights += weight;
    }
    sum / weights
}

/// The rising sequence that is nearest to the weighted wishes: neighbours that
/// wish to overtake each other share the mean of their wishes.
fn rising(wishes: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
    struct Block {
        sum: f64,
        weight: f64,
        count: usize,
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (wish, weight) in wishes {
        let mut block = Block {
            sum: wish * weight,
            weight,
            count: 1,
        };
        while let Some(before) =
            blocks.pop_if(|last| last.sum / last.weight > block.sum / block.weight)
        {
            block.sum += before.sum;
            block.weight += before.weight;
            block.count += before.count;
        }
        blocks.push(block);
    }
    blocks
        .into_iter()
        .flat_map(|block| std::iter::repeat_n(block.sum / block.weight, block.count))
        .collect()
}
