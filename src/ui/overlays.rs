//! What opens over the window: palettes, help and the tour. The editor draws them after everything else.

use egui::Ui;

use crate::commands_palette::CommandsPalette;
use crate::cx::Cx;
use crate::help::Help;
use crate::palette::Palette;
use crate::preferences::Page;
use crate::tour;

/// See the module.
#[derive(Default)]
pub(crate) struct Overlays {
    palette: Palette,
    commands: CommandsPalette,
    help: Help,
    settings: Page,
}

impl Overlays {
    /// Draws what is open; an action that was chosen in it.
    pub(crate) fn show(&mut self, ui: &mut Ui, cx: &mut Cx<'_>) -> Option<&'static str> {
        self.palette.show(ui, cx);
        self.help.show(ui, cx);
        tour::show(ui, cx);
        self.settings.show(ui, cx).or_else(|| self.commands.show(ui, cx))
    }

    /// Whether one of them takes the keys: nothing below it may have them.
    pub(crate) fn take_keys(&self, cx: &Cx<'_>) -> bool {
        cx.shared.palette.is_some() || self.commands.is_open() || self.help.is_open() || self.settings.is_open()
    }

    /// Opens what an action asks for; false where it is for somebody else.
    pub(crate) fn act(&mut self, action: &str, cx: &mut Cx<'_>) -> bool {
        match action {
            "commands" => self.commands.open(),
            "help" => self.help.toggle(),
            "settings" => self.settings.toggle(),
            "tour" => cx.shared.tour = Some(0),
            _ => return false,
        }
        true
    }
}
