//! Arrows for the camera's move, as storyboards draw them: thick, red, at the edge where the frame is heading.
//!
//! Off unless the call's option `arrows` is `on`: the panel moves already, stills and print-outs need them.

use model::{Call, Move};
use vello_cpu::kurbo::{Affine, BezPath, Vec2};

use crate::shapes::{poly, pt};

/// The arrows of a call's move in pixels; empty where they are off or where the camera keeps still.
pub(crate) fn arrows_of(call: &Call, kind: Move, width: f64, height: f64) -> BezPath {
    let on = call.options.get("arrows").is_some_and(|value| matches!(value.trim(), "on" | "true" | "yes" | "1"));
    let mut path = BezPath::new();
    if !on {
        return path;
    }
    let unit = height.min(width * 0.75);
    let mut add = |x: f64, y: f64, towards: (f64, f64), tail: Tail| {
        let length = Vec2::new(towards.0, towards.1).hypot();
        let (c, s) = (towards.0 / length, towards.1 / length);
        let place = Affine::new([c, s, -s, c, x * width, y * height]) * Affine::scale(unit * 0.09);
        path.extend(place * arrow(tail));
    };
    let (left, right, top, bottom) = (0.07, 0.93, 0.18, 0.86);
    match kind {
        Move::Static | Move::Handheld | Move::RackFocus => {}
        Move::PanLeft => add(left, 0.5, (-1.0, 0.0), Tail::Plain),
        Move::PanRight => add(right, 0.5, (1.0, 0.0), Tail::Plain),
        Move::WhipPan => {
            add(right, 0.5, (1.0, 0.0), Tail::Plain);
            add(right - 0.05, 0.5, (1.0, 0.0), Tail::None);
        }
        Move::TrackLeft => add(left, 0.5, (-1.0, 0.0), Tail::Rails),
        Move::TrackRight | Move::Follow => add(right, 0.5, (1.0, 0.0), Tail::Rails),
        Move::ArcLeft => add(left, 0.5, (-1.0, 0.0), Tail::Bent),
        Move::ArcRight => add(right, 0.5, (1.0, 0.0), Tail::Bent),
        Move::TiltUp => add(0.5, top, (0.0, -1.0), Tail::Plain),
        Move::TiltDown => add(0.07, bottom, (0.0, 1.0), Tail::Plain),
        Move::CraneUp => add(0.5, top, (0.0, -1.0), Tail::Rails),
        Move::CraneDown => add(0.07, bottom, (0.0, 1.0), Tail::Rails),
        Move::PushIn | Move::PullOut | Move::ZoomIn | Move::ZoomOut => {
            let inwards = matches!(kind, Move::PushIn | Move::ZoomIn);
            let tail = if matches!(kind, Move::PushIn | Move::PullOut) { Tail::Plain } else { Tail::None };
            for (x, y) in [(left, top), (right, top), (left, bottom), (right, bottom)] {
                let out = ((x - 0.5) * width, (y - 0.5) * height);
                add(x, y, if inwards { (-out.0, -out.1) } else { out }, tail);
            }
        }
    }
    path
}

/// What tells moves of one direction apart.
#[derive(Clone, Copy)]
enum Tail {
    /// A head alone: the lens moves, the camera does not travel.
    None,
    /// A shaft: the camera turns.
    Plain,
    /// A shaft and a bar across its end: the camera travels.
    Rails,
    /// A shaft that bends: the camera travels around.
    Bent,
}

/// An arrow to the right around the origin, about one long.
fn arrow(tail: Tail) -> BezPath {
    let mut path = poly(&[pt(0.12, -0.30), pt(0.55, 0.0), pt(0.12, 0.30)]);
    match tail {
        Tail::None => {}
        Tail::Plain | Tail::Rails => {
            path.extend(poly(&[pt(-0.5, -0.10), pt(0.13, -0.10), pt(0.13, 0.10), pt(-0.5, 0.10)]));
            if matches!(tail, Tail::Rails) {
                path.extend(poly(&[pt(-0.68, -0.26), pt(-0.56, -0.26), pt(-0.56, 0.26), pt(-0.68, 0.26)]));
            }
        }
        Tail::Bent => {
            path.move_to(pt(0.13, -0.10));
            path.line_to(pt(0.13, 0.10));
            path.quad_to(pt(-0.40, 0.10), pt(-0.46, 0.58));
            path.line_to(pt(-0.66, 0.58));
            path.quad_to(pt(-0.60, -0.10), pt(0.13, -0.10));
            path.close_path();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use vello_cpu::kurbo::Shape;

    use super::*;
    use crate::tests::{call, shot};

    #[test]
    fn arrows_are_off_until_asked_for_and_lie_at_the_edge() {
        let plain = call(shot());
        let mut asked = plain.clone();
        asked.options.insert("arrows".to_owned(), "on".to_owned());
        assert!(arrows_of(&plain, Move::PanLeft, 1280.0, 720.0).is_empty());
        assert!(arrows_of(&asked, Move::Static, 1280.0, 720.0).is_empty());
        for kind in Move::ALL.iter().filter(|kind| !matches!(kind, Move::Static | Move::Handheld | Move::RackFocus)) {
            let path = arrows_of(&asked, *kind, 1280.0, 720.0);
            let around = path.bounding_box();
            assert!(0.0 <= around.x0 && around.x1 <= 1280.0 && 0.0 <= around.y0 && around.y1 <= 720.0, "{kind:?}");
            let middle = vello_cpu::kurbo::Rect::new(320.0, 240.0, 960.0, 480.0);
            assert!(path.segments().all(|segment| !middle.contains(segment.bounding_box().center())), "{kind:?}");
        }
        let x = |kind| arrows_of(&asked, kind, 1280.0, 720.0).bounding_box().center().x;
        assert!(x(Move::TrackLeft) < 640.0 && 640.0 < x(Move::TrackRight));
    }
}
