//! Pictures of panels without a GPU: triangles filled by the processor, compared with files in `snapshots/`.
//!
//! The window's own painter needs OpenGL, and the snapshots of egui's test kit need wgpu, which is a large dependency
//! and draws differently on each driver. This one draws the same everywhere, up to the last bit of a float.

use std::collections::HashMap;
use std::path::PathBuf;

use egui::epaint::{ClippedPrimitive, Primitive, Vertex};
use egui::{Color32, Context, Event, Pos2, RawInput, Rect, TextureId, TexturesDelta, vec2};
use image::{Rgba, RgbaImage};

/// How much a channel of a pixel may differ, and how many pixels in a thousand may differ more.
const NEAR: u8 = 12;
const PER_MILLE: usize = 2;

/// Draws a window of a size: frames with these events, the last of which is the picture.
pub(crate) fn picture(
    ctx: &Context,
    (width, height): (u32, u32),
    frames: Vec<Vec<Event>>,
    mut draw: impl FnMut(&mut egui::Ui),
) -> RgbaImage {
    let mut textures = Textures::default();
    let mut shown = None;
    for (i, events) in frames.into_iter().enumerate() {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(width as f32, height as f32))),
            time: Some(i as f64 * 0.1),
            events,
            ..RawInput::default()
        };
        let mut output = ctx.run_ui(input, &mut draw);
        textures.take(&output.textures_delta);
        output.textures_delta.clear();
        shown = Some(ctx.tessellate(output.shapes, 1.0));
    }
    let mut image = RgbaImage::from_pixel(width, height, Rgba([0, 0, 0, 255]));
    for primitive in shown.unwrap_or_default() {
        paint(&mut image, &textures, &primitive);
    }
    image
}

/// Compares a picture with the file of that name; writes the file where `UPDATE_SNAPSHOTS` is set.
#[track_caller]
pub(crate) fn expect_picture(name: &str, found: &RgbaImage) {
    let file =
        |suffix: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(format!("{name}{suffix}.png"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        found.save(file("")).unwrap();
        return;
    }
    let expected = image::open(file("")).unwrap().to_rgba8();
    assert_eq!(found.dimensions(), expected.dimensions(), "{name} has another size");
    let far = |a: &Rgba<u8>, b: &Rgba<u8>| std::iter::zip(a.0, b.0).any(|(a, b)| NEAR < a.abs_diff(b));
    let n = found.pixels().zip(expected.pixels()).filter(|(a, b)| far(a, b)).count();
    let most = (found.width() * found.height()) as usize * PER_MILLE / 1000;
    if most < n {
        let wrong = std::env::temp_dir().join(format!("{name}.png"));
        found.save(&wrong).unwrap();
        panic!(
            "{n} pixels of {name} differ, {most} may: look at {}; where it is right, run the test with UPDATE_SNAPSHOTS=1",
            wrong.display()
        );
    }
}

#[derive(Default)]
struct Textures(HashMap<TextureId, (usize, Vec<Color32>)>);

impl Textures {
    fn take(&mut self, delta: &TexturesDelta) {
        for (id, parts) in &delta.set {
            for part in parts {
                let egui::ImageData::Color(image) = &part.image;
                match (part.pos, self.0.get_mut(id)) {
                    (Some([left, top]), Some((width, pixels))) => {
                        for (row, line) in image.pixels.chunks(image.size[0]).enumerate() {
                            let start = (top + row) * *width + left;
                            pixels[start..start + line.len()].copy_from_slice(line);
                        }
                    }
                    _ => drop(self.0.insert(*id, (image.size[0], image.pixels.clone()))),
                }
            }
        }
    }

    /// The colour at a place of a texture, between pixels; white where there is no texture.
    fn at(&self, id: TextureId, (u, v): (f32, f32)) -> [f32; 4] {
        let Some((width, pixels)) = self.0.get(&id).filter(|(width, pixels)| 0 < *width && !pixels.is_empty()) else {
            return [1.0; 4];
        };
        let height = pixels.len() / width;
        let (x, y) = (u * *width as f32 - 0.5, v * height as f32 - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let pixel = |x: f32, y: f32| {
            let column = (x.max(0.0) as usize).min(width - 1);
            let row = (y.max(0.0) as usize).min(height - 1);
            pixels[row * width + column].to_array().map(|it| f32::from(it) / 255.0)
        };
        let (across, down) = (x - left, y - top);
        let mut mixed = [0.0; 4];
        for (dx, dy, share) in [
            (0.0, 0.0, (1.0 - across) * (1.0 - down)),
            (1.0, 0.0, across * (1.0 - down)),
            (0.0, 1.0, (1.0 - across) * down),
            (1.0, 1.0, across * down),
        ] {
            let color = pixel(left + dx, top + dy);
            (0..4).for_each(|i| mixed[i] += color[i] * share);
        }
        mixed
    }
}

fn paint(image: &mut RgbaImage, textures: &Textures, primitive: &ClippedPrimitive) {
    let Primitive::Mesh(mesh) = &primitive.primitive else { return };
    for corners in mesh.indices.chunks_exact(3) {
        let corner = |i: usize| mesh.vertices[corners[i] as usize];
        triangle(image, textures, mesh.texture_id, primitive.clip_rect, [corner(0), corner(1), corner(2)]);
    }
}

fn triangle(image: &mut RgbaImage, textures: &Textures, texture: TextureId, clip: Rect, [a, b, c]: [Vertex; 3]) {
    let side = |a: Pos2, b: Pos2, at: Pos2| (b.x - a.x) * (at.y - a.y) - (b.y - a.y) * (at.x - a.x);
    let area = side(a.pos, b.pos, c.pos);
    // One way round, so that inside is positive.
    let (a, b, c, area) = if area < 0.0 { (a, c, b, -area) } else { (a, b, c, area) };
    if area < 1e-6 {
        return;
    }
    let window = Rect::from_min_size(Pos2::ZERO, vec2(image.width() as f32, image.height() as f32));
    let bounds = Rect::from_points(&[a.pos, b.pos, c.pos]).intersect(clip).intersect(window);
    if !bounds.is_positive() {
        return;
    }
    // A pixel on an edge between two triangles belongs to one of them.
    let owns = |a: Pos2, b: Pos2| a.y == b.y && b.x < a.x || b.y < a.y;
    let inside = |value: f32, a: Pos2, b: Pos2| 0.0 < value || value == 0.0 && owns(a, b);
    for y in bounds.top().floor() as u32..(bounds.bottom().ceil() as u32).min(image.height()) {
        for x in bounds.left().floor() as u32..(bounds.right().ceil() as u32).min(image.width()) {
            let at = Pos2::new(x as f32 + 0.5, y as f32 + 0.5);
            let shares = [side(b.pos, c.pos, at), side(c.pos, a.pos, at), side(a.pos, b.pos, at)];
            let covered = inside(shares[0], b.pos, c.pos)
                && inside(shares[1], c.pos, a.pos)
                && inside(shares[2], a.pos, b.pos)
                && clip.contains(at);
            if !covered {
                continue;
            }
            let mix =
                |of: &dyn Fn(&Vertex) -> f32| (of(&a) * shares[0] + of(&b) * shares[1] + of(&c) * shares[2]) / area;
            let texel = textures.at(texture, (mix(&|it| it.uv.x), mix(&|it| it.uv.y)));
            let channel = |i: usize| mix(&|it: &Vertex| f32::from(it.color.to_array()[i])) / 255.0 * texel[i];
            let alpha = channel(3);
            let pixel = image.get_pixel_mut(x, y);
            for i in 0..3 {
                // Colours come multiplied with their alpha.
                let below = f32::from(pixel.0[i]) / 255.0;
                pixel.0[i] = ((channel(i) + below * (1.0 - alpha)).clamp(0.0, 1.0) * 255.0).round() as u8;
            }
        }
    }
}
