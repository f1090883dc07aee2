//! A layered layout: every node stands to the right of what feeds it, and rows cross as little as a few sweeps can do.
//!
//! Exact crossing minimisation is NP-hard and no better to the eye; sweeps by medians are what Graphviz's `dot` does.

use egui::{Pos2, Vec2, pos2};

/// Space between columns and between rows, in canvas points.
const GAP: Vec2 = egui::vec2(100.0, 30.0);
const SWEEPS: usize = 6;

/// Places for boxes of these sizes; edges go from feeder to reader by index. Circles are cut where they close.
pub(crate) fn layout(sizes: &[Vec2], edges: &[(u32, u32)], origin: Pos2) -> Vec<Pos2> {
    let n = sizes.len();
    let mut feeders = vec![Vec::new(); n];
    let mut readers = vec![Vec::new(); n];
    for (from, to) in edges.iter().filter(|(from, to)| from != to) {
        readers[*from as usize].push(*to);
        feeders[*to as usize].push(*from);
    }
    let layers = layered(&feeders, &readers);
    let mut columns: Vec<Vec<u32>> = Vec::new();
    for (node, layer) in layers.iter().enumerate() {
        columns.resize_with(columns.len().max(layer + 1), Vec::new);
        columns[*layer].push(node as u32);
    }
    let mut row = vec![0.0f32; n];
    number(&columns, &mut row);
    for sweep in 0..SWEEPS {
        let onward = sweep % 2 == 0;
        for step in 0..columns.len() {
            let at = if onward { step } else { columns.len() - 1 - step };
            let beside = if onward { &feeders } else { &readers };
            let medians: Vec<f32> =
                columns[at].iter().map(|node| median(&beside[*node as usize], &row, *node)).collect();
            let mut order: Vec<usize> = (0..columns[at].len()).collect();
            order.sort_by(|a, b| medians[*a].total_cmp(&medians[*b]));
            columns[at] = order.into_iter().map(|i| columns[at][i]).collect();
            columns[at].iter().enumerate().for_each(|(i, node)| row[*node as usize] = i as f32);
        }
    }
    place(&columns, sizes, &feeders, origin)
}

fn number(columns: &[Vec<u32>], row: &mut [f32]) {
    for column in columns {
        column.iter().enumerate().for_each(|(i, node)| row[*node as usize] = i as f32);
    }
}

/// The longest way from a source, so that every edge goes to the right.
fn layered(feeders: &[Vec<u32>], readers: &[Vec<u32>]) -> Vec<usize> {
    let n = feeders.len();
    let mut layer = vec![0usize; n];
    let mut open: Vec<usize> = feeders.iter().map(Vec::len).collect();
    let mut done = vec![false; n];
    let mut ready: Vec<u32> = (0..n as u32).rev().filter(|node| open[*node as usize] == 0).collect();
    let mut next = 0;
    loop {
        while let Some(node) = ready.pop() {
            if std::mem::replace(&mut done[node as usize], true) {
                continue;
            }
            for reader in &readers[node as usize] {
                let to = *reader as usize;
                if done[to] {
                    continue;
                }
                layer[to] = layer[to].max(layer[node as usize] + 1);
                open[to] = open[to].saturating_sub(1);
                if open[to] == 0 {
                    ready.push(*reader);
                }
            }
        }
        // What is left stands in circles: the first of them goes where it is.
        match (next..n).find(|node| !done[*node]) {
            Some(node) => {
                next = node;
                ready.push(node as u32);
            }
            None => break,
        }
    }
    layer
}

fn median(beside: &[u32], row: &[f32], node: u32) -> f32 {
    if beside.is_empty() {
        return row[node as usize];
    }
    let mut rows: Vec<f32> = beside.iter().map(|other| row[*other as usize]).collect();
    rows.sort_by(f32::total_cmp);
    rows[rows.len() / 2]
}

/// Columns from the left; in each, nodes stand level with what feeds them as far as there is room.
fn place(columns: &[Vec<u32>], sizes: &[Vec2], feeders: &[Vec<u32>], origin: Pos2) -> Vec<Pos2> {
    let mut places = vec![origin; sizes.len()];
    let mut left = origin.x;
    for column in columns {
        let mut bottom = origin.y;
        let mut width = 0.0f32;
        for node in column {
            let size = sizes[*node as usize];
            let fed: Vec<f32> = feeders[*node as usize].iter().map(|it| places[*it as usize].y).collect();
            let wanted = if fed.is_empty() { bottom } else { fed.iter().copied().fold(f32::INFINITY, f32::min) };
            let top = wanted.max(bottom);
            places[*node as usize] = pos2(left.round(), top.round());
            bottom = top + size.y + GAP.y;
            width = width.max(size.x);
        }
        left += width + GAP.x;
    }
    places
}

#[cfg(test)]
mod tests {
    use egui::{Rect, vec2};

    use super::*;

    #[test]
    fn edges_go_to_the_right_and_nothing_overlaps() {
        let sizes = [vec2(180.0, 100.0), vec2(180.0, 300.0), vec2(180.0, 60.0), vec2(180.0, 100.0), vec2(180.0, 90.0)];
        let edges = [(0, 2), (1, 2), (2, 3), (0, 3), (3, 4)];
        let places = layout(&sizes, &edges, pos2(40.0, 80.0));
        for (from, to) in edges {
            assert!(places[from as usize].x + 180.0 < places[to as usize].x, "{from} to {to}: {places:?}");
        }
        let rects: Vec<Rect> = places.iter().zip(sizes).map(|(at, size)| Rect::from_min_size(*at, size)).collect();
        for (i, a) in rects.iter().enumerate() {
            assert!(rects[i + 1..].iter().all(|b| !a.intersects(*b)), "{rects:?}");
        }
        assert_eq!(places[0], pos2(40.0, 80.0));
    }

    #[test]
    fn circles_and_nothing_end() {
        assert_eq!(layout(&[], &[], Pos2::ZERO), []);
        let places = layout(&[vec2(10.0, 10.0); 4], &[(0, 1), (1, 2), (2, 0), (3, 3)], Pos2::ZERO);
        assert_eq!(places.len(), 4);
        assert!(places[0].x < places[1].x && places[1].x < places[2].x, "{places:?}");
    }
}
