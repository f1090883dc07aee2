//! The one theme: colours, spacing and type, light and dark. Nothing else in the editor names a colour.

use std::sync::Arc;

use egui::{Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, Style, TextStyle, Visuals};
use model::PortType;

use crate::icons;
use crate::view::ItemState;

/// Space between things, in points: one scale.
pub mod space {
    pub const XS: f32 = 2.0;
    pub const S: f32 = 4.0;
    pub const M: f32 = 8.0;
    pub const L: f32 = 12.0;
    pub const XL: f32 = 20.0;
}

/// Sizes of type, in points.
pub mod size {
    pub const SMALL: f32 = 10.5;
    pub const BODY: f32 = 12.5;
    pub const HEADING: f32 = 14.5;
    pub const TITLE: f32 = 20.0;
    pub const ICON: f32 = 14.0;
}

/// Dark or light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shade {
    #[default]
    Dark,
    Light,
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    pub shade: Shade,
    /// Behind the canvas, and its grid.
    pub canvas: Color32,
    pub grid: Color32,
    pub panel: Color32,
    pub raised: Color32,
    /// Behind buttons and boxes that open: apart from panels in both shades.
    pub control: Color32,
    pub sunken: Color32,
    pub outline: Color32,
    pub text: Color32,
    pub weak: Color32,
    pub accent: Color32,
    pub selection: Color32,
    pub good: Color32,
    pub watch: Color32,
    pub bad: Color32,
    pub money: Color32,
    /// Behind pictures, whatever the shade: pictures are judged on black.
    pub stage: Color32,
    /// Words and lines over pictures.
    pub on_stage: Color32,
}

const fn rgb(r: u8, g: u8, b: u8) -> Color32 {
    Color32::from_rgb(r, g, b)
}

/// The dark theme.
pub const DARK: Theme = Theme {
    shade: Shade::Dark,
    canvas: rgb(24, 25, 28),
    grid: rgb(36, 37, 41),
    panel: rgb(33, 34, 38),
    raised: rgb(46, 48, 53),
    control: rgb(52, 54, 60),
    sunken: rgb(20, 21, 23),
    outline: rgb(66, 68, 75),
    text: rgb(222, 223, 226),
    weak: rgb(150, 153, 160),
    accent: rgb(94, 160, 255),
    selection: rgb(48, 84, 138),
    good: rgb(98, 190, 120),
    watch: rgb(232, 178, 72),
    bad: rgb(236, 96, 88),
    money: rgb(214, 140, 240),
    stage: rgb(8, 8, 9),
    on_stage: rgb(226, 227, 230),
};

/// The light theme.
pub const LIGHT: Theme = Theme {
    shade: Shade::Light,
    canvas: rgb(232, 233, 236),
    grid: rgb(216, 218, 222),
    panel: rgb(246, 246, 248),
    raised: rgb(255, 255, 255),
    control: rgb(220, 222, 227),
    sunken: rgb(226, 227, 231),
    outline: rgb(184, 187, 194),
    text: rgb(28, 30, 34),
    weak: rgb(96, 100, 108),
    accent: rgb(20, 98, 214),
    selection: rgb(186, 212, 250),
    good: rgb(24, 128, 56),
    watch: rgb(166, 104, 0),
    bad: rgb(190, 38, 32),
    money: rgb(132, 48, 170),
    stage: rgb(8, 8, 9),
    on_stage: rgb(226, 227, 230),
};

impl Theme {
    /// The theme of a shade.
    pub fn of(shade: Shade) -> &'static Theme {
        match shade {
            Shade::Dark => &DARK,
            Shade::Light => &LIGHT,
        }
    }

    /// The colour of a port's type, on wires and sockets.
    pub fn port(&self, ty: PortType) -> Color32 {
        let (dark, light) = match ty {
            PortType::Text | PortType::Choice => (rgb(112, 190, 220), rgb(20, 116, 150)),
            PortType::Number | PortType::Integer | PortType::Flag => (rgb(160, 164, 172), rgb(96, 100, 108)),
            PortType::Color => (rgb(230, 200, 120), rgb(150, 110, 10)),
            PortType::Image => (rgb(232, 150, 80), rgb(184, 92, 12)),
            PortType::Clip => (rgb(236, 104, 116), rgb(190, 40, 60)),
            PortType::Audio => (rgb(120, 210, 150), rgb(20, 130, 66)),
            PortType::Script => (rgb(200, 190, 230), rgb(104, 84, 170)),
            PortType::Shot => (rgb(150, 140, 250), rgb(84, 70, 210)),
            PortType::Character | PortType::Location | PortType::Prop | PortType::Style => {
                (rgb(232, 130, 200), rgb(176, 44, 136))
            }
            PortType::Report => (rgb(190, 214, 100), rgb(96, 124, 10)),
            PortType::Any => (rgb(200, 202, 206), rgb(80, 84, 92)),
        };
        if self.shade == Shade::Dark { dark } else { light }
    }

    /// The colour of a node family, on title bars.
    pub fn family(&self, kind: &str) -> Color32 {
        let (dark, light) = match kind.split('.').next().unwrap_or(kind) {
            "structure" => (rgb(70, 66, 118), rgb(206, 202, 246)),
            "reference" => (rgb(104, 52, 90), rgb(246, 206, 234)),
            "prompt" | "text" => (rgb(40, 82, 100), rgb(196, 228, 240)),
            "model" => (rgb(112, 52, 58), rgb(250, 208, 212)),
            "edit" => (rgb(104, 72, 38), rgb(248, 222, 192)),
            "consistency" => (rgb(74, 88, 34), rgb(224, 236, 186)),
            "output" => (rgb(36, 92, 62), rgb(196, 238, 212)),
            "import" => (rgb(84, 78, 46), rgb(240, 232, 200)),
            _ => (rgb(66, 68, 74), rgb(214, 216, 222)),
        };
        if self.shade == Shade::Dark { dark } else { light }
    }

    /// The colour of a state. It never stands alone: a word or a sign goes with it.
    pub fn state(&self, state: &ItemState) -> Color32 {
        match state {
            ItemState::Done => self.good,
            ItemState::Running { .. } | ItemState::Queued => self.accent,
            ItemState::Held { .. } => self.money,
            ItemState::Failed(_) => self.bad,
            ItemState::Blocked { .. } => self.watch,
            ItemState::Ready => self.text,
            ItemState::Want { .. } | ItemState::Unknown => self.weak,
        }
    }

    /// A colour that comes from the document.
    pub fn document_color(&self, color: model::Color) -> Color32 {
        rgb(color.r, color.g, color.b)
    }

    /// A colour see-through, 0 to 1.
    pub fn faded(&self, color: Color32, alpha: f32) -> Color32 {
        color.gamma_multiply(alpha)
    }

    /// Installs fonts; once per window.
    pub fn install_fonts(ctx: &egui::Context) {
        let mut fonts = FontDefinitions::default();
        fonts.font_data.insert(icons::FAMILY.to_owned(), Arc::new(FontData::from_static(icons::FONT)));
        fonts.families.insert(FontFamily::Name(icons::FAMILY.into()), vec![icons::FAMILY.to_owned()]);
        ctx.set_fonts(fonts);
    }

    /// Makes a window look like this theme.
    pub fn apply(&self, ctx: &egui::Context) {
        let dark = self.shade == Shade::Dark;
        let mut style = Style { visuals: if dark { Visuals::dark() } else { Visuals::light() }, ..Style::default() };
        style.spacing.item_spacing = egui::vec2(space::M - 2.0, space::S);
        style.spacing.button_padding = egui::vec2(space::M, space::XS + 1.0);
        style.spacing.interact_size.y = 22.0;
        for (kind, points) in [
            (TextStyle::Small, size::SMALL),
            (TextStyle::Body, size::BODY),
            (TextStyle::Button, size::BODY),
            (TextStyle::Heading, size::HEADING),
        ] {
            style.text_styles.insert(kind, FontId::proportional(points));
        }
        style.text_styles.insert(TextStyle::Monospace, FontId::monospace(size::BODY - 0.5));
        let visuals = &mut style.visuals;
        visuals.panel_fill = self.panel;
        visuals.window_fill = self.panel;
        visuals.extreme_bg_color = self.sunken;
        visuals.faint_bg_color = self.raised;
        visuals.window_stroke = Stroke::new(1.0, self.outline);
        visuals.selection.bg_fill = self.selection;
        visuals.selection.stroke = Stroke::new(1.0, self.text);
        visuals.hyperlink_color = self.accent;
        visuals.warn_fg_color = self.watch;
        visuals.error_fg_color = self.bad;
        let widgets = &mut visuals.widgets;
        for (look, fill, text) in [
            (&mut widgets.noninteractive, self.panel, self.text),
            (&mut widgets.inactive, self.control, self.text),
            (&mut widgets.hovered, self.outline, self.text),
            (&mut widgets.active, self.selection, self.text),
            (&mut widgets.open, self.control, self.text),
        ] {
            look.bg_fill = fill;
            look.weak_bg_fill = fill;
            look.fg_stroke = Stroke::new(1.0, text);
            look.corner_radius = CornerRadius::same(4);
        }
        widgets.noninteractive.bg_stroke = Stroke::new(1.0, self.outline);
        ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
        ctx.set_style_of(if dark { egui::Theme::Dark } else { egui::Theme::Light }, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of sRGB, WCAG 2.2.
    fn luminance(color: Color32) -> f64 {
        let linear = |byte: u8| {
            let v = f64::from(byte) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (high, low) = (luminance(a).max(luminance(b)), luminance(a).min(luminance(b)));
        (high + 0.05) / (low + 0.05)
    }

    #[test]
    fn words_are_readable_on_what_is_behind_them() {
        for theme in [DARK, LIGHT] {
            for behind in [theme.panel, theme.raised, theme.control, theme.sunken, theme.canvas] {
                for (name, color, least) in [
                    ("text", theme.text, 7.0),
                    ("weak", theme.weak, 4.0),
                    ("good", theme.good, 3.0),
                    ("watch", theme.watch, 3.0),
                    ("bad", theme.bad, 3.0),
                    ("money", theme.money, 3.0),
                    ("accent", theme.accent, 3.0),
                ] {
                    let found = contrast(color, behind);
                    assert!(least <= found, "{:?} {name} on {behind:?}: {found:.2}", theme.shade);
                }
            }
            for kind in ["structure.x", "reference.x", "prompt.x", "model.x", "edit.x", "consistency.x", "output.x"] {
                let found = contrast(theme.text, theme.family(kind));
                assert!(4.5 <= found, "{:?} {kind}: {found:.2}", theme.shade);
            }
        }
    }
}
