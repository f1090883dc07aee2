//! Draws a sheet of panels to PNG files and tells how long a frame takes: `panels FOLDER [NAME] [REFERENCES]`.
//!
//! REFERENCES is a folder with `mara.png` (MARA), `jon.png` (TOM) and `lighthouse.png` (the place), shown with the
//! camera's arrows. For looking at the animatic's pictures while changing them; no codec, no store.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use animatic::{Pictures, Scene};
use engine::codec::Frame;
use model::{
    Angle, Call, Camera, CastMember, Color, Framing, IntExt, Line, Move, Reference, Role, Setting, Shot, ShotSize,
    Side, Slate, Task, TimeOfDay, Weather,
};

type Panel = (
    &'static str,
    &'static str,
    IntExt,
    TimeOfDay,
    Weather,
    ShotSize,
    Framing,
    Angle,
    Move,
    u32,
    &'static str,
    &'static str,
    &'static str,
);

/// Name, location, inside or outside, time, weather, size, framing, angle, move, lens, cast, props, line.
const PANELS: &[Panel] = &[
    (
        "01-lighthouse",
        "LIGHTHOUSE",
        IntExt::Ext,
        TimeOfDay::Dusk,
        Weather::Clear,
        ShotSize::Ews,
        Framing::Establishing,
        Angle::Eye,
        Move::PushIn,
        24,
        "MARA:walks:L",
        "",
        "",
    ),
    (
        "02-lamp-room",
        "LAMP ROOM",
        IntExt::Int,
        TimeOfDay::Night,
        Weather::Storm,
        ShotSize::Ms,
        Framing::Single,
        Angle::Eye,
        Move::Static,
        35,
        "MARA:holds a lantern:L",
        "LANTERN",
        "MARA:The lamp has not been lit since the storm.",
    ),
    (
        "03-close",
        "KITCHEN",
        IntExt::Int,
        TimeOfDay::Morning,
        Weather::Clear,
        ShotSize::Cu,
        Framing::Single,
        Angle::Eye,
        Move::Static,
        85,
        "MARA:looks:L",
        "",
        "MARA:Somebody was here last night.",
    ),
    (
        "04-two",
        "KITCHEN",
        IntExt::Int,
        TimeOfDay::Night,
        Weather::Rain,
        ShotSize::Ms,
        Framing::Two,
        Angle::Eye,
        Move::PushIn,
        35,
        "MARA:stands:L;TOM:talks:R",
        "",
        "TOM:You should not have come back, Mara.",
    ),
    (
        "05-ots",
        "KITCHEN",
        IntExt::Int,
        TimeOfDay::Night,
        Weather::Rain,
        ShotSize::Mcu,
        Framing::OtsLeft,
        Angle::Eye,
        Move::Static,
        50,
        "TOM:talks:R;MARA:stands:L",
        "",
        "TOM:Why did you?",
    ),
    (
        "06-insert",
        "KITCHEN",
        IntExt::Int,
        TimeOfDay::Night,
        Weather::Clear,
        ShotSize::Cu,
        Framing::Insert,
        Angle::High,
        Move::PushIn,
        50,
        "",
        "LETTER;KEY",
        "",
    ),
    (
        "07-run",
        "HARBOUR",
        IntExt::Ext,
        TimeOfDay::GoldenHour,
        Weather::Clear,
        ShotSize::Fs,
        Framing::Single,
        Angle::Eye,
        Move::TrackRight,
        35,
        "TOM:runs:L",
        "",
        "",
    ),
    (
        "08-street",
        "CITY STREET",
        IntExt::Ext,
        TimeOfDay::Night,
        Weather::Rain,
        ShotSize::Ws,
        Framing::Single,
        Angle::Low,
        Move::Static,
        24,
        "MARA:walks:R",
        "",
        "",
    ),
    (
        "09-forest",
        "FOREST",
        IntExt::Ext,
        TimeOfDay::Dawn,
        Weather::Fog,
        ShotSize::Ws,
        Framing::Two,
        Angle::Eye,
        Move::TrackLeft,
        35,
        "MARA:stands:L;TOM:points at the trees:R",
        "",
        "",
    ),
    (
        "10-desert",
        "DESERT",
        IntExt::Ext,
        TimeOfDay::Afternoon,
        Weather::Clear,
        ShotSize::Fs,
        Framing::Group,
        Angle::Eye,
        Move::PanRight,
        35,
        "MARA:stands:L;TOM:sits:C;EVA:kneels:R;IBRAHIM:waves:R",
        "",
        "",
    ),
    (
        "11-office",
        "POLICE STATION OFFICE",
        IntExt::Int,
        TimeOfDay::Day,
        Weather::Clear,
        ShotSize::Cowboy,
        Framing::Single,
        Angle::Eye,
        Move::ArcLeft,
        35,
        "INSPECTOR:talks:R",
        "PHONE",
        "INSPECTOR:Where were you on the night of the ninth?",
    ),
    (
        "12-cliff-ecu",
        "CLIFF",
        IntExt::Ext,
        TimeOfDay::Morning,
        Weather::Cloud,
        ShotSize::Vcu,
        Framing::Single,
        Angle::Eye,
        Move::Static,
        85,
        "EVA:stares:R",
        "",
        "",
    ),
    (
        "13-mountain",
        "MOUNTAIN PASS",
        IntExt::Ext,
        TimeOfDay::Day,
        Weather::Snow,
        ShotSize::Ws,
        Framing::Single,
        Angle::High,
        Move::CraneUp,
        35,
        "TOM:climbs:C",
        "",
        "",
    ),
    (
        "14-overhead",
        "LIVING ROOM",
        IntExt::Int,
        TimeOfDay::Day,
        Weather::Clear,
        ShotSize::Fs,
        Framing::Two,
        Angle::Overhead,
        Move::Static,
        35,
        "MARA:stands:L;TOM:stands:R",
        "",
        "",
    ),
    (
        "15-bar",
        "THE ANCHOR BAR",
        IntExt::Int,
        TimeOfDay::Night,
        Weather::Clear,
        ShotSize::Mcu,
        Framing::Two,
        Angle::Dutch,
        Move::Handheld,
        50,
        "EVA:talks:L;IBRAHIM:listens:R",
        "",
        "EVA:He laughed. Then he left!",
    ),
    (
        "16-car",
        "CAR",
        IntExt::Int,
        TimeOfDay::Dusk,
        Weather::Clear,
        ShotSize::Mcu,
        Framing::Single,
        Angle::Eye,
        Move::Static,
        50,
        "IBRAHIM:drives:R",
        "",
        "",
    ),
    (
        "17-field",
        "FIELD",
        IntExt::Ext,
        TimeOfDay::Day,
        Weather::Clear,
        ShotSize::Mls,
        Framing::Three,
        Angle::Eye,
        Move::Static,
        35,
        "MARA:stands:L;GIRL:waves:C;TOM:looks:R",
        "SUITCASE",
        "",
    ),
    (
        "18-living",
        "LIVING ROOM",
        IntExt::Int,
        TimeOfDay::Afternoon,
        Weather::Clear,
        ShotSize::Bust,
        Framing::Single,
        Angle::Low,
        Move::ZoomIn,
        50,
        "TOM:stands angry:R",
        "",
        "",
    ),
];

fn call(panel: &Panel) -> Call {
    let (_, location, int_ext, time, weather, size, framing, angle, r#move, lens_mm, cast, props, line) = *panel;
    let cast = cast.split(';').filter(|text| !text.is_empty()).map(|text| {
        let parts: Vec<&str> = text.split(':').collect();
        let side = Side::named(parts[2]).unwrap_or_default();
        CastMember { name: parts[0].to_owned(), action: parts[1].to_owned(), emotion: parts[1].to_owned(), side }
    });
    let lines = line.split_once(':').map(|(who, text)| Line {
        character: who.to_owned(),
        text: text.to_owned(),
        parenthetical: String::new(),
        extension: String::new(),
        start_s: 0.5,
        duration_s: 3.0,
    });
    let shot = Shot {
        id: String::new(),
        scene: String::new(),
        number: String::new(),
        text: String::new(),
        setting: Setting { location: location.to_owned(), int_ext, time, weather },
        camera: Camera { size, framing, angle, r#move, lens_mm },
        cast: cast.collect(),
        props: props.split(';').filter(|text| !text.is_empty()).map(str::to_owned).collect(),
        lines: lines.into_iter().collect(),
        duration_s: 4.0,
        seed: None,
        purpose: String::new(),
        provenance: Default::default(),
    };
    let person = |name: &str, description: &str, palette: &[&str]| {
        Arc::new(Reference {
            role: Role::Character,
            name: name.to_owned(),
            aliases: Vec::new(),
            description: description.to_owned(),
            negative: String::new(),
            palette: palette.iter().filter_map(|hex| Color::parse(hex)).collect(),
            images: Vec::new(),
            pitch_hz: None,
            voice: String::new(),
            ambience: String::new(),
        })
    };
    Call {
        shot: Some(Arc::new(shot)),
        references: vec![
            person(
                "MARA",
                "A woman of forty in a yellow oilskin, short auburn bob, pale",
                &["#d9a520", "#2f3b4a", "#b5482e"],
            ),
            person("TOM", "An old man with a beard, navy coat, beanie", &[]),
        ],
        size: (1280, 720),
        n_frames: 96,
        seed: 7,
        slate: Some(Slate { scene: "2".to_owned(), shot: "2-030".to_owned() }),
        captions: true,
        sound: true,
        ..Call::new(Task::Video, "")
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("usage: panels FOLDER [NAME]")?;
    let only = args.next().unwrap_or_default();
    let references = args.next();
    std::fs::create_dir_all(&folder)?;
    let mut report = String::new();
    for panel in PANELS.iter().filter(|panel| panel.0.contains(&only)) {
        let mut call = call(panel);
        let mut pictures = Pictures::default();
        if let Some(references) = &references {
            let place = Reference { role: Role::Location, name: panel.1.to_owned(), ..(*call.references[1]).clone() };
            call.references.push(Arc::new(place));
            call.options.insert("arrows".to_owned(), "on".to_owned());
            for name in ["mara.png", "jon.png", "lighthouse.png"] {
                let picture = image::open(Path::new(references).join(name))?.to_rgba8();
                let (width, height) = picture.dimensions();
                pictures.references.push(Some(Frame { width, height, data: picture.into_raw() }));
            }
        }
        let mut scene = Scene::new(&call, &pictures).map_err(|diagnostic| diagnostic.to_string())?;
        let mut frame = Frame::default();
        let mut times: Vec<f64> = (0..24)
            .map(|i| {
                let start = Instant::now();
                scene.draw(i * 4, &mut frame);
                start.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        report += &format!("{:16} {:6.2} ms per frame, {:6.2} at best\n", panel.0, times[12], times[0]);
        scene.draw(40, &mut frame);
        let path = Path::new(&folder).join(format!("{}.png", panel.0));
        image::save_buffer(path, &frame.data, frame.width, frame.height, image::ColorType::Rgba8)?;
    }
    std::io::Write::write_all(&mut std::io::stdout(), report.as_bytes())?;
    Ok(())
}
