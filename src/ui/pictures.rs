//! How panels look, as pictures: one each, small, for what no assertion can say. The canvas has its own.

use std::sync::Arc;

use egui::{ColorImage, Context, TextureHandle, TextureOptions};
use model::{Digest, Value};

use crate::cx::{Gallery, Picture, Region, Shown};
use crate::panel::PanelSpec;
use crate::testing::Bench;
use crate::testing::fakes::FakePlayer;
use crate::testing::raster::{expect_picture, picture};
use crate::theme::{DARK, LIGHT, Theme};
use crate::view::{TakeView, TakesView};
use crate::{inspector, shots, takes, viewer};

/// The picture that every clip and every take shows: a sky over a sea.
fn still(ctx: &Context) -> TextureHandle {
    let color =
        |y: usize| if y < 5 { egui::Color32::from_rgb(120, 150, 200) } else { egui::Color32::from_rgb(20, 60, 80) };
    let pixels = (0..9).flat_map(|y| [color(y); 16]).collect();
    ctx.load_texture("still", ColorImage::new([16, 9], pixels), TextureOptions::LINEAR)
}

struct Stills(TextureHandle);

impl Gallery for Stills {
    fn picture(&mut self, _: &Context, _: &Picture, _: u32) -> Shown {
        Shown::Ready(self.0.id(), self.0.size_vec2())
    }
    fn waveform(&mut self, _: &Context, _: &Value, columns: usize) -> Option<Arc<Vec<(f32, f32)>>> {
        Some(Arc::new(vec![(-0.4, 0.4); columns]))
    }
}

/// Draws a panel and compares it with its picture.
#[track_caller]
fn expect(name: &str, spec: &PanelSpec, theme: &'static Theme, size: (u32, u32), mut bench: Bench) {
    let ctx = Context::default();
    Theme::install_fonts(&ctx);
    theme.apply(&ctx);
    let mut panel = (spec.make)();
    let mut shown = None;
    let mut draw = |ui: &mut egui::Ui| {
        let (gallery, player) = shown.get_or_insert_with(|| {
            let (still, player) = (still(ui.ctx()), FakePlayer::default());
            player.0.borrow_mut().texture = Some(still.clone());
            (Stills(still), player)
        });
        bench.frame_with(ui, theme, |ui, cx| {
            egui::Frame::NONE.fill(theme.panel).inner_margin(4).show(ui, |ui| {
                ui.set_min_size(ui.available_size());
                panel.show(ui, &mut cx.with(gallery, player));
            });
        });
    };
    let found = picture(&ctx, size, vec![Vec::new(); 5], &mut draw);
    expect_picture(name, &found);
}

fn bench() -> Bench {
    let mut bench = viewer::tests::bench();
    bench.shared.region = Region::Canvas;
    bench
}

#[test]
fn the_inspector_of_a_model() {
    let mut bench = bench();
    bench.shared.selection.only("generate");
    expect("inspector", &inspector::PANEL, &LIGHT, (300, 420), bench);
}

#[test]
fn the_shot_table() {
    let mut bench = bench();
    bench.shared.selection.elements.insert("s1.b2".to_owned());
    expect("shots", &shots::PANEL, &DARK, (760, 180), bench);
}

#[test]
fn the_takes_of_a_shot() {
    let mut bench = bench();
    bench.shared.selection.only("generate");
    bench.shared.selection.elements.insert("s1.b1".to_owned());
    let take = |n: u32| {
        let key = Some(Digest::of(&n.to_le_bytes()));
        let values = vec![("clip".to_owned(), viewer::tests::clip("one", 48))];
        let model = Some("animatic 2".to_owned());
        TakeView { take: n, key, seed: u64::from(n), model, values, ..TakeView::default() }
    };
    let takes = TakesView { item: "generate/s1.b1".to_owned(), takes: vec![take(1), take(2)] };
    bench.view.takes = Some(Arc::new(takes));
    expect("takes", &takes::PANEL, &DARK, (400, 340), bench);
}

#[test]
fn the_viewer_with_its_timeline() {
    expect("viewer", &viewer::PANEL, &DARK, (560, 400), bench());
}
