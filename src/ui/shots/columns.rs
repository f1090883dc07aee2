//! The columns of the shot table: titles, widths, and which of them a person can change.
//!
//! Their parameters are those of `structure.shots`; what a cell shows is the row's to say.

use std::collections::BTreeMap;

use model::{Move, ShotSize};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Place,
    Picture,
    Id,
    Scene,
    Text,
    Size,
    Move,
    Seconds,
    Seed,
    Skip,
    Model,
    Take,
    State,
    Cost,
    Scores,
}

/// Every column, from left to right.
pub(super) const COLUMNS: &[Column] = &[
    Column::Place,
    Column::Picture,
    Column::Id,
    Column::Scene,
    Column::Text,
    Column::Size,
    Column::Move,
    Column::Seconds,
    Column::State,
    Column::Take,
    Column::Cost,
    Column::Scores,
    Column::Model,
    Column::Seed,
    Column::Skip,
];

/// Least and most points of a column.
pub(super) const WIDTHS: (f32, f32) = (24.0, 1200.0);

/// The column that takes what width is left, unless somebody gave it one.
const FLEXIBLE: Column = Column::Text;

impl Column {
    /// Its name in settings.
    pub(super) fn key(self) -> &'static str {
        match self {
            Column::Place => "place",
            Column::Picture => "picture",
            Column::Id => "id",
            Column::Scene => "scene",
            Column::Text => "text",
            Column::Size => "size",
            Column::Move => "move",
            Column::Seconds => "seconds",
            Column::Seed => "seed",
            Column::Skip => "skip",
            Column::Model => "model",
            Column::Take => "take",
            Column::State => "state",
            Column::Cost => "cost",
            Column::Scores => "scores",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Column::Place => "#",
            Column::Picture => "Picture",
            Column::Id => "Shot",
            Column::Scene => "Scene",
            Column::Text => "Text",
            Column::Size => "Size",
            Column::Move => "Move",
            Column::Seconds => "Seconds",
            Column::Seed => "Seed",
            Column::Skip => "Skip",
            Column::Model => "Model",
            Column::Take => "Take",
            Column::State => "State",
            Column::Cost => "Cost",
            Column::Scores => "Scores",
        }
    }

    pub(super) fn help(self) -> &'static str {
        match self {
            Column::Place => "Place in the film. Drag to move a shot, or Alt+Up and Alt+Down",
            Column::Picture => "What was made of the shot. Double click shows it in the viewer",
            Column::Id => "The shot's id: it stays when others are added or moved",
            Column::Scene => "Scene and place, from the script",
            Column::Text => "What happens, in place of the script's words",
            Column::Size => "Shot size, from extreme close-up to extreme wide shot",
            Column::Move => "Camera movement",
            Column::Seconds => "Length",
            Column::Seed => "Seed for this shot alone",
            Column::Skip => "Leaves the shot out of the film",
            Column::Model => "The model that made it, or would",
            Column::Take => "The take in use. A click shows all takes",
            Column::State => "Where the shot stands",
            Column::Cost => "What making it would cost",
            Column::Scores => "The worst verdict of reports that name the shot",
        }
    }

    /// Points; the flexible column's is its least.
    fn width(self) -> f32 {
        match self {
            Column::Place => 34.0,
            Column::Picture => 60.0,
            Column::Id => 48.0,
            Column::Scene => 80.0,
            Column::Text => 160.0,
            Column::Size => 54.0,
            Column::Move => 66.0,
            Column::Seconds => 52.0,
            Column::Seed => 70.0,
            Column::Skip => 38.0,
            Column::Model => 92.0,
            Column::Take => 44.0,
            Column::State => 62.0,
            Column::Cost => 58.0,
            Column::Scores => 66.0,
        }
    }

    /// The column of the `structure.shots` node that a change is written to; none where nothing can be changed.
    pub(super) fn param(self) -> Option<&'static str> {
        match self {
            Column::Text => Some("text"),
            Column::Size => Some("size"),
            Column::Move => Some("move"),
            Column::Seconds => Some("duration"),
            Column::Seed => Some("seed"),
            Column::Skip => Some("skip"),
            Column::Place => Some("order"),
            _ => None,
        }
    }

    /// A cell of it can be changed in place.
    pub(super) fn is_editable(self) -> bool {
        self.param().is_some() && self != Column::Place
    }

    /// What a cell can be, where that is one of a few names.
    pub(super) fn options(self) -> Option<&'static [&'static str]> {
        match self {
            Column::Size => Some(ShotSize::NAMES),
            Column::Move => Some(Move::NAMES),
            _ => None,
        }
    }
}

/// Left edges and widths for a width that is there, in points; at least what the columns need. `chosen` are the widths
/// that somebody gave to columns by their keys.
pub(super) fn layout(available: f32, chosen: &BTreeMap<String, f32>) -> Vec<(Column, f32, f32)> {
    let own = |column: &Column| chosen.get(column.key()).copied().filter(|width| width.is_finite());
    let base = |column: &Column| own(column).unwrap_or_else(|| column.width()).clamp(WIDTHS.0, WIDTHS.1);
    let needed: f32 = COLUMNS.iter().map(base).sum();
    let more = (available - needed).max(0.0);
    let mut left = 0.0;
    COLUMNS
        .iter()
        .map(|column| {
            let flexible = *column == FLEXIBLE && own(column).is_none();
            let width = base(column) + if flexible { more } else { 0.0 };
            let at = left;
            left += width;
            (*column, at, width)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_takes_what_is_left() {
        let width = |available| {
            let found = layout(available, &BTreeMap::new());
            let (last, left, width) = found[found.len() - 1];
            assert_eq!(last, Column::Skip);
            (found.iter().find(|it| it.0 == Column::Text).unwrap().2, left + width)
        };
        let (least, total) = width(100.0);
        assert_eq!(least, 160.0);
        assert_eq!(width(total + 50.0), (210.0, total + 50.0));
    }

    #[test]
    fn a_chosen_width_holds_and_cannot_hide_a_column() {
        let chosen = BTreeMap::from([("text".to_owned(), 300.0), ("size".to_owned(), 1.0)]);
        let found = layout(3000.0, &chosen);
        let width = |column| found.iter().find(|it| it.0 == column).unwrap().2;
        assert_eq!((width(Column::Text), width(Column::Size)), (300.0, WIDTHS.0));
    }

    #[test]
    fn every_change_has_a_column_of_the_node() {
        let spec = nodes::ALL.iter().find(|spec| spec.kind == "structure.shots").unwrap();
        let model::ParamKind::Table { columns } = spec.param("rows").unwrap().kind else { panic!("it is a table") };
        for column in COLUMNS {
            if let Some(param) = column.param() {
                assert!(columns.iter().any(|it| it.name == param), "{param}");
            }
        }
    }
}
