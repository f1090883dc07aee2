//! The shot table: what a user decided about single shots, by shot id.
//!
//! An override is a column of a row; what is not in the table passes through, so a breakdown that changes keeps all
//! that the table does not say. Storing whole shots here would freeze them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{
    Angle, Diagnostic, Framing, Help, List, Move, NodeSpec, Origin, ParamKind, ParamSpec, Params, Plan, PlanCx,
    PortType, Ports, Provenance, Shot, ShotSize, Stop, Value, no_upgrade,
};

/// The names of a vocabulary after `auto`, which leaves the field as it comes.
const fn auto<const N: usize>(names: &[&'static str]) -> [&'static str; N] {
    let mut options = ["auto"; N];
    let mut idx = 0;
    while idx < names.len() {
        options[idx + 1] = names[idx];
        idx += 1;
    }
    options
}

const SIZES: [&str; ShotSize::NAMES.len() + 1] = auto(ShotSize::NAMES);
const FRAMINGS: [&str; Framing::NAMES.len() + 1] = auto(Framing::NAMES);
const ANGLES: [&str; Angle::NAMES.len() + 1] = auto(Angle::NAMES);
const MOVES: [&str; Move::NAMES.len() + 1] = auto(Move::NAMES);

/// Seeds are kept in 53 bits, as graph files and JSON readers hold them exactly.
const MAX_SEED: i64 = (1 << 53) - 1;

const COLUMNS: &[ParamSpec] = &[
    ParamSpec::multiline("text", "").help("What happens, in place of the script's words; empty keeps them"),
    ParamSpec::multiline("extra", "").help("Words added after the text"),
    ParamSpec::number("duration", 0.0).range(0.0, 120.0).unit("seconds").help("Length; 0 keeps it"),
    ParamSpec::choice("size", "auto", &SIZES).help("Shot size"),
    ParamSpec::choice("framing", "auto", &FRAMINGS).help("What the frame holds"),
    ParamSpec::choice("angle", "auto", &ANGLES).help("Camera height and tilt"),
    ParamSpec::choice("move", "auto", &MOVES).help("Camera movement"),
    ParamSpec::integer("lens", 0, 0, 300).unit("mm").help("Focal length; 0 keeps it"),
    ParamSpec::integer("seed", -1, -1, MAX_SEED).help("Seed for this shot alone; -1 leaves it to the model node"),
    ParamSpec::flag("skip", false).help("Leaves the shot out"),
    ParamSpec::number("order", 0.0).help("Place in the film, the first shot is 1; between two shots use 2.5"),
];

pub(crate) const SPEC: NodeSpec = NodeSpec {
    kind: "structure.shots",
    version: 1,
    help: Help {
        title: "Shot table",
        category: "Structure",
        summary: "Changes single shots by hand: words, camera, length, order, seed",
        keywords: &["override", "edit", "table", "shot list", "reorder"],
    },
    params: &[ParamSpec::table("rows", COLUMNS).help("One row per changed shot, by shot id")],
    ports: |_| {
        Ports::new().gather("shots", PortType::Shot, "The shots in order").outputs(
            "shots",
            PortType::Shot,
            "The shots with the table's changes, in the table's order",
        )
    },
    plan,
    sibling: None,
    upgrade: no_upgrade,
};

/// The shortest shot that the table can ask for, seconds.
const SHORTEST: f64 = 0.2;

fn plan(cx: &PlanCx<'_>) -> Result<Plan, Stop> {
    cx.input("shots")?;
    let shots = cx.shots("shots")?;
    let mut notes = Vec::new();
    let rows = cx.table("rows")?;
    let by_id: BTreeMap<&str, &Params> = rows.iter().copied().collect();
    let mut kept: Vec<(f64, Value, &str)> = Vec::with_capacity(shots.len());
    for (idx, (id, shot)) in shots.iter().enumerate() {
        let place = idx as f64 + 1.0;
        let Some(row) = by_id.get(&***id) else {
            kept.push((place, Value::Shot(Arc::clone(shot)), id));
            continue;
        };
        let row = Row { cx, id, fields: row };
        row.check_columns(&mut notes);
        let skip = row.flag("skip")?;
        let order = row.number("order")?.unwrap_or(place);
        let changed = row.apply(shot, &mut notes)?;
        if !skip {
            kept.push((order, Value::Shot(Arc::new(changed)), id));
        }
    }
    let known: BTreeSet<&str> = shots.iter().map(|(id, _)| &***id).collect();
    for (id, _) in &rows {
        if !known.contains(id) {
            let note = cx.warn("shot-unknown", "rows", format!("there is no shot `{id}`"));
            notes.push(note.hint("remove the row, or keep it in case the shot comes back"));
        }
    }
    kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    let list = List::new(kept.into_iter().map(|(_, shot, id)| (id.into(), shot)));
    let plan = Plan::values([("shots", Value::List(list))]);
    Ok(notes.into_iter().fold(plan, Plan::note))
}

/// One row of the table.
struct Row<'a> {
    cx: &'a PlanCx<'a>,
    id: &'a str,
    fields: &'a Params,
}

impl Row<'_> {
    fn field(&self, column: &str) -> String {
        format!("rows.{}.{column}", self.id)
    }

    fn wrong(&self, column: &str, expected: &str, found: &model::Data) -> Stop {
        self.cx.refuse(&self.field(column), format!("expected {expected}, found {}", found.describe()))
    }

    fn check_columns(&self, notes: &mut Vec<Diagnostic>) {
        for column in self.fields.keys().filter(|key| !COLUMNS.iter().any(|spec| spec.name == key.as_str())) {
            let known: Vec<&str> = COLUMNS.iter().map(|spec| spec.name).collect();
            let note = self.cx.warn("column-unknown", &self.field(column), format!("`{column}` is no column"));
            notes.push(note.hint(format!("the columns are: {}", known.join(", "))));
        }
    }

    fn text(&self, column: &str) -> Result<Option<&str>, Stop> {
        let Some(data) = self.fields.get(column) else { return Ok(None) };
        let text = data.as_text().ok_or_else(|| self.wrong(column, "a text", data))?.trim();
        Ok((!text.is_empty()).then_some(text))
    }

    fn number(&self, column: &str) -> Result<Option<f64>, Stop> {
        let Some(data) = self.fields.get(column) else { return Ok(None) };
        let number = data.as_number().ok_or_else(|| self.wrong(column, "a number", data))?;
        if !number.is_finite() {
            return Err(self.cx.refuse(&self.field(column), format!("{number} is no usable number")));
        }
        Ok(Some(number))
    }

    fn flag(&self, column: &str) -> Result<bool, Stop> {
        let Some(data) = self.fields.get(column) else { return Ok(false) };
        data.as_flag().ok_or_else(|| self.wrong(column, "true or false", data))
    }

    /// An integer within the column's limits.
    fn integer(&self, column: &str) -> Result<Option<i64>, Stop> {
        let Some(data) = self.fields.get(column) else { return Ok(None) };
        let integer = data.as_integer().ok_or_else(|| self.wrong(column, "an integer", data))?;
        let spec = COLUMNS.iter().find(|spec| spec.name == column).map(|spec| spec.kind);
        if let Some(ParamKind::Integer { min, max, .. }) = spec
            && !(min..=max).contains(&integer)
        {
            return Err(self.cx.refuse(&self.field(column), format!("{integer} is outside {min} to {max}")));
        }
        Ok(Some(integer))
    }

    /// A member of a vocabulary; `auto` and nothing leave the field.
    fn named<T>(&self, column: &str, names: &[&str], named: fn(&str) -> Option<T>) -> Result<Option<T>, Stop> {
        let Some(text) = self.text(column)?.filter(|text| *text != "auto") else { return Ok(None) };
        named(text).map(Some).ok_or_else(|| {
            self.cx
                .refuse(&self.field(column), format!("`{text}` is not one of the choices"))
                .hint(format!("choose one of: {}", names.join(", ")))
        })
    }

    fn duration(&self) -> Result<Option<f64>, Stop> {
        let Some(seconds) = self.number("duration")?.filter(|seconds| *seconds != 0.0) else { return Ok(None) };
        if !(SHORTEST..=120.0).contains(&seconds) {
            let message = format!("{seconds} seconds is outside {SHORTEST} to 120");
            return Err(self.cx.refuse(&self.field("duration"), message));
        }
        Ok(Some(seconds))
    }

    /// The shot with the row's changes, each marked as the user's.
    fn apply(&self, shot: &Shot, notes: &mut Vec<Diagnostic>) -> Result<Shot, Stop> {
        let mut shot = shot.clone();
        let mut mine: Vec<&str> = Vec::new();
        if let Some(text) = self.text("text")? {
            shot.text = text.to_owned();
            mine.push("text");
        }
        if let Some(extra) = self.text("extra")? {
            let gap = if shot.text.is_empty() { "" } else { " " };
            shot.text = format!("{}{gap}{extra}", shot.text);
            mine.push("text");
        }
        if let Some(seconds) = self.duration()? {
            shot.duration_s = seconds;
            mine.push("duration_s");
            if shot.lines.iter().any(|line| seconds < line.start_s + line.duration_s) {
                let message = format!("shot `{}` ends before its line does", self.id);
                let note = self.cx.warn("line-cut-off", &self.field("duration"), message);
                notes.push(note.hint("make the shot longer, or accept that the line goes on over the cut"));
            }
        }
        if let Some(size) = self.named("size", ShotSize::NAMES, ShotSize::named)? {
            shot.camera.size = size;
            mine.push("camera.size");
        }
        if let Some(framing) = self.named("framing", Framing::NAMES, Framing::named)? {
            shot.camera.framing = framing;
            mine.push("camera.framing");
        }
        if let Some(angle) = self.named("angle", Angle::NAMES, Angle::named)? {
            shot.camera.angle = angle;
            mine.push("camera.angle");
        }
        if let Some(r#move) = self.named("move", Move::NAMES, Move::named)? {
            shot.camera.r#move = r#move;
            mine.push("camera.move");
        }
        if let Some(lens) = self.integer("lens")?.and_then(|lens| u32::try_from(lens).ok()).filter(|lens| *lens != 0) {
            shot.camera.lens_mm = lens;
            mine.push("camera.lens_mm");
        }
        if let Some(seed) = self.integer("seed")?.and_then(|seed| u64::try_from(seed).ok()) {
            shot.seed = Some(seed);
            mine.push("seed");
        }
        for field in mine {
            let by_user = Provenance { by: Origin::User, source: self.cx.node.to_owned(), confidence: 1.0 };
            shot.provenance.insert(field.to_owned(), by_user);
        }
        Ok(shot)
    }
}

#[cfg(test)]
mod tests {
    use model::{Data, Outcome};

    use super::*;
    use crate::breakdown::{Options, breakdown};
    use crate::testing::Fixture;

    const SCRIPT: &str = "INT. ROOM - DAY\n\nA bed.\n\nMara walks in.\n\nMARA\nWho has been here while I was away?\n";

    fn fixture(rows: &[(&str, &[(&str, Data)])]) -> Fixture {
        let shots = breakdown(SCRIPT, &Options::default(), None).shots;
        let list = List::new(shots.into_iter().map(|shot| (shot.id.as_str().into(), Value::Shot(Arc::new(shot)))));
        let row = |fields: &[(&str, Data)]| {
            Data::Map(fields.iter().map(|(name, data)| ((*name).to_owned(), data.clone())).collect())
        };
        let rows = Data::Map(rows.iter().map(|(id, fields)| ((*id).to_owned(), row(fields))).collect());
        Fixture::new(&SPEC).input("shots", Value::List(list)).param("rows", rows)
    }

    #[track_caller]
    fn shots(fixture: &Fixture) -> Vec<Arc<Shot>> {
        match fixture.plan().unwrap().outcome {
            Outcome::Values(outputs) => match &outputs[0].1 {
                Value::List(list) => list
                    .iter()
                    .map(|entry| match &entry.value {
                        Value::Shot(shot) if *shot.id == *entry.id => shot.clone(),
                        other => panic!("{other:?}"),
                    })
                    .collect(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_empty_table_changes_nothing() {
        let plain = breakdown(SCRIPT, &Options::default(), None).shots;
        let through: Vec<Shot> = shots(&fixture(&[])).iter().map(|shot| (**shot).clone()).collect();
        assert_eq!(through, plain);
    }

    #[test]
    fn overrides_are_the_users_and_leave_the_rest() {
        let row: &[(&str, Data)] = &[
            ("size", "cu".into()),
            ("move", "handheld".into()),
            ("angle", "auto".into()),
            ("lens", 85.into()),
            ("duration", 2.5.into()),
            ("seed", 7.into()),
            ("extra", "Slowly.".into()),
        ];
        let plain = shots(&fixture(&[]));
        let made = shots(&fixture(&[("s1.b2", row)]));
        assert_eq!((&made[0], &made[2]), (&plain[0], &plain[2]));
        let shot = &made[1];
        assert_eq!((shot.camera.size, shot.camera.r#move), (ShotSize::Cu, Move::Handheld));
        assert_eq!((shot.camera.lens_mm, shot.duration_s, shot.seed), (85, 2.5, Some(7)));
        assert_eq!(shot.camera.angle, plain[1].camera.angle);
        assert_eq!(shot.text, "Mara walks in. Slowly.");
        let of = |field: &str| (shot.provenance[field].by, shot.provenance[field].source.as_str());
        for field in ["camera.size", "camera.move", "camera.lens_mm", "duration_s", "seed", "text"] {
            assert_eq!(of(field), (Origin::User, "node"), "{field}");
        }
        assert_eq!(of("camera.angle").0, Origin::Rule);
    }

    #[test]
    fn shots_are_skipped_and_moved() {
        let ids = |fixture: &Fixture| shots(fixture).iter().map(|shot| shot.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&fixture(&[("s1.b1", &[("skip", true.into())])])), ["s1.b2", "s1.b3"]);
        assert_eq!(ids(&fixture(&[("s1.b1", &[("order", 2.5.into())])])), ["s1.b2", "s1.b1", "s1.b3"]);
    }

    #[test]
    fn unknown_shots_and_columns_and_cut_lines_are_warnings() {
        let codes = |rows: &[(&str, &[(&str, Data)])]| {
            fixture(rows).plan().unwrap().notes.into_iter().map(|note| note.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(&[("s9.b1", &[("size", "CU".into())])]), ["shot-unknown"]);
        assert_eq!(codes(&[("s1.b1", &[("colour", "red".into())])]), ["column-unknown"]);
        assert_eq!(codes(&[("s1.b3", &[("duration", 1.0.into())])]), ["line-cut-off"]);
    }

    #[test]
    fn bad_values_are_refused_with_the_choices() {
        let bad = fixture(&[("s1.b1", &[("size", "HUGE".into())])]);
        assert_eq!(bad.refusal(), "`HUGE` is not one of the choices");
        let Err(Stop::Refused(diagnostic)) = bad.plan() else { panic!("it was refused") };
        assert_eq!(diagnostic.subject.field.as_deref(), Some("rows.s1.b1.size"));
        assert!(diagnostic.hints[0].contains("ECU, VCU, CU"), "{:?}", diagnostic.hints);
        let refusal = |column: &str, data: Data| fixture(&[("s1.b1", &[(column, data)])]).refusal();
        assert_eq!(refusal("duration", 500.0.into()), "500 seconds is outside 0.2 to 120");
        assert_eq!(refusal("lens", 9000.into()), "9000 is outside 0 to 300");
        assert_eq!(refusal("skip", "no".into()), "expected true or false, found a text");
        assert_eq!(Fixture::new(&SPEC).refusal(), "nothing is connected here");
    }
}
