//! Paths that panels are made of: limbs, ellipses, blobs. Circles are four cubics, so that no sine is taken.

use vello_cpu::kurbo::{BezPath, Point, Rect, Vec2};

const KAPPA: f64 = 0.552_284_749_8;

pub(crate) fn pt(x: f64, y: f64) -> Point {
    Point::new(x, y)
}

/// A closed polygon.
pub(crate) fn poly(points: &[Point]) -> BezPath {
    let mut path = BezPath::new();
    for (i, point) in points.iter().enumerate() {
        if i == 0 { path.move_to(*point) } else { path.line_to(*point) }
    }
    if !points.is_empty() {
        path.close_path();
    }
    path
}

/// An open line through points.
pub(crate) fn line(points: &[Point]) -> BezPath {
    let mut path = BezPath::new();
    for (i, point) in points.iter().enumerate() {
        if i == 0 { path.move_to(*point) } else { path.line_to(*point) }
    }
    path
}

pub(crate) fn ellipse(c: Point, rx: f64, ry: f64) -> BezPath {
    let mut path = BezPath::new();
    add_ellipse(&mut path, c, rx, ry);
    path
}

pub(crate) fn add_ellipse(path: &mut BezPath, c: Point, rx: f64, ry: f64) {
    let (kx, ky) = (rx * KAPPA, ry * KAPPA);
    path.move_to(pt(c.x + rx, c.y));
    path.curve_to(pt(c.x + rx, c.y + ky), pt(c.x + kx, c.y + ry), pt(c.x, c.y + ry));
    path.curve_to(pt(c.x - kx, c.y + ry), pt(c.x - rx, c.y + ky), pt(c.x - rx, c.y));
    path.curve_to(pt(c.x - rx, c.y - ky), pt(c.x - kx, c.y - ry), pt(c.x, c.y - ry));
    path.curve_to(pt(c.x + kx, c.y - ry), pt(c.x + rx, c.y - ky), pt(c.x + rx, c.y));
    path.close_path();
}

/// A rectangle with round corners.
pub(crate) fn rounded(rect: Rect, radius: f64) -> BezPath {
    let r = radius.min(rect.width() / 2.0).min(rect.height() / 2.0).max(0.0);
    let k = r * (1.0 - KAPPA);
    let Rect { x0, y0, x1, y1 } = rect;
    let mut path = BezPath::new();
    path.move_to(pt(x0 + r, y0));
    path.line_to(pt(x1 - r, y0));
    path.curve_to(pt(x1 - k, y0), pt(x1, y0 + k), pt(x1, y0 + r));
    path.line_to(pt(x1, y1 - r));
    path.curve_to(pt(x1, y1 - k), pt(x1 - k, y1), pt(x1 - r, y1));
    path.line_to(pt(x0 + r, y1));
    path.curve_to(pt(x0 + k, y1), pt(x0, y1 - k), pt(x0, y1 - r));
    path.line_to(pt(x0, y0 + r));
    path.curve_to(pt(x0, y0 + k), pt(x0 + k, y0), pt(x0 + r, y0));
    path.close_path();
    path
}

/// Two circles and what lies between them.
pub(crate) fn limb(path: &mut BezPath, a: Point, ra: f64, b: Point, rb: f64) {
    let along = b - a;
    let length = along.hypot();
    if length < 1e-6 {
        add_ellipse(path, a, ra.max(rb), ra.max(rb));
        return;
    }
    let d = along / length;
    let n = Vec2::new(-d.y, d.x);
    path.move_to(a + n * ra);
    path.line_to(b + n * rb);
    path.curve_to(b + n * rb + d * (rb * KAPPA), b + d * rb + n * (rb * KAPPA), b + d * rb);
    path.curve_to(b + d * rb - n * (rb * KAPPA), b - n * rb + d * (rb * KAPPA), b - n * rb);
    path.line_to(a - n * ra);
    path.curve_to(a - n * ra - d * (ra * KAPPA), a - d * ra - n * (ra * KAPPA), a - d * ra);
    path.curve_to(a - d * ra + n * (ra * KAPPA), a + n * ra - d * (ra * KAPPA), a + n * ra);
    path.close_path();
}

/// A smooth closed curve through points (Catmull-Rom).
pub(crate) fn smooth(points: &[Point]) -> BezPath {
    let n = points.len();
    let mut path = BezPath::new();
    if n < 3 {
        return path;
    }
    path.move_to(points[0]);
    for i in 0..n {
        let [p0, p1, p2, p3] = [points[(i + n - 1) % n], points[i], points[(i + 1) % n], points[(i + 2) % n]];
        path.curve_to(p1 + (p2 - p0) / 6.0, p2 - (p3 - p1) / 6.0, p2);
    }
    path.close_path();
    path
}

/// A smooth ridge from left to right, closed down to `bottom`.
pub(crate) fn ridge(points: &[Point], bottom: f64) -> BezPath {
    let mut path = BezPath::new();
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return path };
    path.move_to(pt(first.x, bottom));
    path.line_to(*first);
    for i in 0..points.len().saturating_sub(1) {
        let (p1, p2) = (points[i], points[i + 1]);
        let p0 = if i == 0 { p1 } else { points[i - 1] };
        let p3 = points.get(i + 2).copied().unwrap_or(p2);
        path.curve_to(p1 + (p2 - p0) / 6.0, p2 - (p3 - p1) / 6.0, p2);
    }
    path.line_to(pt(last.x, bottom));
    path.close_path();
    path
}
