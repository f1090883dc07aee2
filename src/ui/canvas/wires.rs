//! The curves of links: where they run, what is near them, and the points that people lead them through.
//!
//! Points are kept in the layout under `wire:TO.PORT<-FROM.PORT`. Reroute nodes were the alternative; they would be
//! nodes that plan nothing and appear in every list of nodes.

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use model::{Data, Document, Edit, PortRef};

/// How layout keys of links start.
pub(crate) const PREFIX: &str = "wire:";

/// The layout key of a link.
pub(crate) fn key(from: &PortRef, to: &PortRef) -> String {
    format!("{PREFIX}{to}<-{from}")
}

/// The link that a layout key is about: output, input.
pub(crate) fn link_of(key: &str) -> Option<(PortRef, PortRef)> {
    let (to, from) = key.strip_prefix(PREFIX)?.split_once("<-")?;
    Some((PortRef::parse(from)?, PortRef::parse(to)?))
}

/// The points that a link is led through.
pub(crate) fn bends(document: &Document, from: &PortRef, to: &PortRef) -> Vec<Pos2> {
    /// More points than anybody sets by hand.
    const MOST: usize = 100;
    let Some(points) = document.layout.get(&key(from, to)).and_then(Data::as_items) else { return Vec::new() };
    let number = |data: &Data| data.as_number().filter(|it| it.is_finite()).map(|it| it.clamp(-1e6, 1e6) as f32);
    let point = |data: &Data| {
        let [x, y] = data.as_items()? else { return None };
        Some(pos2(number(x)?, number(y)?))
    };
    points.iter().take(MOST).filter_map(point).collect()
}

/// Sets the points of a link.
pub(crate) fn set_bends(from: &PortRef, to: &PortRef, bends: &[Pos2]) -> Edit {
    let whole = |value: f32| Data::Integer(value.round() as i64);
    let points: Vec<Data> = bends.iter().map(|at| Data::Tuple(vec![whole(at.x), whole(at.y)])).collect();
    Edit::SetLayout { key: key(from, to), value: (!points.is_empty()).then_some(Data::List(points)), at: None }
}

/// How far a curve leaves a port straight.
fn reach(a: Pos2, b: Pos2) -> f32 {
    ((b.x - a.x).abs() * 0.5).clamp(20.0, 120.0).min(20.0 + a.distance(b) * 0.5)
}

/// What a curve cannot leave.
pub(crate) fn bounds(a: Pos2, bends: &[Pos2], b: Pos2) -> Rect {
    let mut bounds = Rect::from_two_pos(a, b);
    bends.iter().for_each(|bend| bounds.extend_with(*bend));
    bounds.expand2(vec2(124.0, 4.0))
}

/// The curve as points, so many for each piece.
pub(crate) fn path(a: Pos2, bends: &[Pos2], b: Pos2, pieces: usize) -> Vec<Pos2> {
    let stops: Vec<Pos2> = std::iter::once(a).chain(bends.iter().copied()).chain([b]).collect();
    let mut points = Vec::with_capacity((stops.len() - 1) * pieces + 1);
    points.push(a);
    for (i, pair) in stops.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        // A curve leaves an output and enters an input level; at a point between it goes the way of its neighbours.
        let leave = tangent(&stops, i) * reach(from, to);
        let enter = tangent(&stops, i + 1) * reach(from, to);
        let (c, d) = (from + leave, to - enter);
        for step in 1..=pieces {
            let t = step as f32 / pieces as f32;
            let u = 1.0 - t;
            let at = from.to_vec2() * (u * u * u)
                + c.to_vec2() * (3.0 * u * u * t)
                + d.to_vec2() * (3.0 * u * t * t)
                + to.to_vec2() * (t * t * t);
            points.push(at.to_pos2());
        }
    }
    points
}

fn tangent(stops: &[Pos2], i: usize) -> Vec2 {
    if i == 0 || i + 1 == stops.len() {
        return vec2(1.0, 0.0);
    }
    (stops[i + 1] - stops[i - 1]).normalized()
}

/// How far a place is from a curve, and after which of its points.
pub(crate) fn distance(path: &[Pos2], at: Pos2) -> (f32, usize) {
    let mut best = (f32::INFINITY, 0);
    for (i, pair) in path.windows(2).enumerate() {
        let along = pair[1] - pair[0];
        let t = ((at - pair[0]).dot(along) / along.length_sq().max(1e-6)).clamp(0.0, 1.0);
        let far = at.distance(pair[0] + along * t);
        if far < best.0 {
            best = (far, i);
        }
    }
    best
}

/// Where two curves cross first.
pub(crate) fn crossing(a: &[Pos2], b: &[Pos2]) -> Option<Pos2> {
    a.windows(2).find_map(|one| b.windows(2).find_map(|two| meet(one[0], one[1], two[0], two[1])))
}

fn meet(a: Pos2, b: Pos2, c: Pos2, d: Pos2) -> Option<Pos2> {
    let (r, s) = (b - a, d - c);
    let cross = |u: Vec2, v: Vec2| u.x * v.y - u.y * v.x;
    let denominator = cross(r, s);
    if denominator.abs() < 1e-6 {
        return None;
    }
    let (t, u) = (cross(c - a, s) / denominator, cross(c - a, r) / denominator);
    ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&u)).then(|| a + r * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_stay_in_their_bounds_and_pass_through_their_points() {
        let (a, b) = (pos2(0.0, 0.0), pos2(300.0, 80.0));
        for bends in [vec![], vec![pos2(100.0, 200.0)], vec![pos2(400.0, -50.0), pos2(-80.0, 10.0)]] {
            for (a, b) in [(a, b), (b, a), (a, a)] {
                let path = path(a, &bends, b, 12);
                let bounds = bounds(a, &bends, b).expand(120.0);
                assert!(path.iter().all(|at| bounds.contains(*at)));
                assert!(bends.iter().all(|bend| distance(&path, *bend).0 < 0.01));
                assert_eq!((path[0], path[path.len() - 1]), (a, b));
            }
        }
    }

    #[test]
    fn a_cut_crosses_what_it_crosses() {
        let path = path(pos2(0.0, 0.0), &[], pos2(200.0, 0.0), 8);
        let at = crossing(&[pos2(100.0, -50.0), pos2(100.0, 50.0)], &path).unwrap();
        assert!(at.distance(pos2(100.0, 0.0)) < 0.1);
        assert_eq!(crossing(&[pos2(300.0, -50.0), pos2(300.0, 50.0)], &path), None);
    }

    #[test]
    fn keys_name_links() {
        let (from, to) = (PortRef::new("a", "clip.x"), PortRef::new("b", "in"));
        assert_eq!(key(&from, &to), "wire:b.in<-a.clip.x");
        assert_eq!(link_of(&key(&from, &to)), Some((from, to)));
        assert_eq!(link_of("wire:b"), None);
    }
}
