//! Icons: glyphs of the Lucide font (ISC licence, crate `lucide-icons`), drawn as text.

pub use lucide_icons::Icon;

/// The font family under which the theme installs the icons.
pub const FAMILY: &str = "lucide";

/// The font file.
pub const FONT: &[u8] = lucide_icons::LUCIDE_FONT_BYTES;

/// An icon as text of the icon font.
pub fn text(icon: Icon, size: f32) -> egui::RichText {
    egui::RichText::new(char::from(icon).to_string()).family(egui::FontFamily::Name(FAMILY.into())).size(size)
}

/// The icon of a node family, `model` of `model.video`.
pub fn of_kind(kind: &str) -> Icon {
    match kind.split('.').next().unwrap_or(kind) {
        "structure" => Icon::Clapperboard,
        "reference" => Icon::IdCard,
        "prompt" => Icon::MessageSquareText,
        "model" => Icon::Sparkles,
        "edit" => Icon::Scissors,
        "consistency" => Icon::Activity,
        "import" => Icon::Import,
        "output" => Icon::Film,
        "list" => Icon::List,
        "number" | "text" => Icon::Type,
        "logic" => Icon::Split,
        "clip" => Icon::Image,
        "group" => Icon::Box,
        _ => Icon::CircleQuestionMark,
    }
}
