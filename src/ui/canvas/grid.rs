//! A uniform grid over the canvas: what is near a rectangle, at the cost of what is near it.
//!
//! A tree would adapt to clusters; nodes are of one size, and moving one in a grid costs two cells.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use egui::Rect;

/// The side of a cell, in canvas points: about two nodes.
const CELL: f32 = 400.0;
/// What covers more cells than this is kept in a list of its own.
const MOST_CELLS: i64 = 64;

/// See the module. Entries are numbers with a rectangle that the owner remembers.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    cells: HashMap<(i32, i32), Vec<u32>, BuildHasherDefault<CellHasher>>,
    large: Vec<u32>,
}

/// Cells are two small numbers that nobody chooses to collide: the standard hash costs more than what is looked up.
#[derive(Debug, Default)]
struct CellHasher(u64);

impl Hasher for CellHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_i32(i32::from(*byte)));
    }

    fn write_i32(&mut self, value: i32) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(value.cast_unsigned())).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Grid {
    pub(crate) fn insert(&mut self, entry: u32, rect: Rect) {
        match cells_of(rect) {
            Some(cells) => cells.for_each(|cell| self.cells.entry(cell).or_default().push(entry)),
            None => self.large.push(entry),
        }
    }

    /// Removes an entry that was inserted with this rectangle.
    pub(crate) fn remove(&mut self, entry: u32, rect: Rect) {
        let take = |list: &mut Vec<u32>| list.retain(|it| *it != entry);
        match cells_of(rect) {
            Some(cells) => cells.for_each(|cell| {
                if let Some(list) = self.cells.get_mut(&cell) {
                    take(list);
                }
            }),
            None => take(&mut self.large),
        }
    }

    /// Gives every entry another number.
    pub(crate) fn renumber(&mut self, new: impl Fn(u32) -> u32) {
        self.cells.values_mut().chain([&mut self.large]).flatten().for_each(|entry| *entry = new(*entry));
    }

    /// Entries near a rectangle, ascending, each once; the caller tests their own rectangles.
    pub(crate) fn near(&self, rect: Rect, found: &mut Vec<u32>) {
        found.clear();
        found.extend(&self.large);
        match cells_of_many(rect, self.cells.len() as i64) {
            Some(cells) => {
                for cell in cells {
                    if let Some(list) = self.cells.get(&cell) {
                        found.extend(list);
                    }
                }
            }
            None => self.cells.values().for_each(|list| found.extend(list)),
        }
        found.sort_unstable();
        found.dedup();
    }
}

fn cells_of(rect: Rect) -> Option<impl Iterator<Item = (i32, i32)>> {
    cells_of_many(rect, MOST_CELLS)
}

/// The cells that a rectangle touches; none where they are more than so many.
fn cells_of_many(rect: Rect, most: i64) -> Option<impl Iterator<Item = (i32, i32)>> {
    let cell = |value: f32| (value / CELL).floor() as i32;
    let (left, right) = (cell(rect.left()), cell(rect.right()));
    let (top, bottom) = (cell(rect.top()), cell(rect.bottom()));
    let n = (i64::from(right) - i64::from(left) + 1).saturating_mul(i64::from(bottom) - i64::from(top) + 1);
    (n <= most).then(|| (left..=right).flat_map(move |x| (top..=bottom).map(move |y| (x, y))))
}

#[cfg(test)]
mod tests {
    use egui::{pos2, vec2};

    use super::*;

    #[test]
    fn it_finds_what_a_scan_finds() {
        let rect = |i: u32| {
            let (x, y) = ((i * 7919 % 5000) as f32 - 2500.0, (i * 104_729 % 5000) as f32 - 2500.0);
            let size = if i.is_multiple_of(50) { 9000.0 } else { 150.0 };
            Rect::from_min_size(pos2(x, y), vec2(size, 100.0))
        };
        let mut grid = Grid::default();
        (0..500).for_each(|i| grid.insert(i, rect(i)));
        (0..500).filter(|i| i % 3 == 0).for_each(|i| grid.remove(i, rect(i)));
        let mut found = Vec::new();
        for probe in [rect(7), rect(50), rect(333), Rect::EVERYTHING] {
            grid.near(probe, &mut found);
            found.retain(|i| rect(*i).intersects(probe));
            let expected: Vec<u32> = (0..500).filter(|i| i % 3 != 0 && rect(*i).intersects(probe)).collect();
            assert_eq!(found, expected);
        }
    }
}
