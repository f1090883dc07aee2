//! What happens to a picture on its way: colours, crops, fits, grades, titles, stills.

use engine::codec::{EncodeSpec, Frame};
use model::{Color, Crop, Fit, Grade, Image, Piece, Rate, Recipe, Source, Title};

use crate::testing::{Bench, SIZE, fill, mean, piece, recipe};

fn near(shown: [f64; 3], wanted: [f64; 3], slack: f64) -> bool {
    shown.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= slack)
}

#[test]
fn colours_survive_the_encoder() {
    let Some(bench) = Bench::new() else { return };
    for rgb in [[0; 3], [255; 3], [128; 3], [200, 30, 30], [30, 200, 30], [30, 30, 200], [222, 184, 135]] {
        let frames = bench.frames(&recipe(vec![piece(&bench.flat(rgb, 2), 2)])).unwrap();
        let shown = mean(&frames[1]);
        assert!(near(shown, rgb.map(f64::from), 4.0), "{rgb:?} became {shown:?}");
    }
}

#[test]
fn pieces_are_cropped_fitted_and_graded() {
    let Some(bench) = Bench::new() else { return };
    let spec = EncodeSpec { size: (192, 96), rate: Rate::FILM, n_frames: 2 };
    let media = bench.drawn(&spec, &mut |_, frame| {
        let width = frame.width as usize;
        for (i, pixel) in frame.data.chunks_exact_mut(4).enumerate() {
            pixel.copy_from_slice(if i % width < width / 2 { &[180, 180, 180, 255] } else { &[60, 60, 60, 255] });
        }
    });
    let first = |change: &dyn Fn(&mut Piece)| {
        let mut piece = piece(&media, 2);
        change(&mut piece);
        bench.frames(&Recipe { size: (96, 96), ..recipe(vec![piece]) }).unwrap().remove(0)
    };
    let at = |frame: &Frame, x: usize, y: usize| frame.data[(y * 96 + x) * 4];
    let contained = first(&|_| {});
    assert_eq!((at(&contained, 48, 5), at(&contained, 48, 90)), (0, 0), "bars");
    assert!(at(&contained, 5, 48).abs_diff(180) < 4 && at(&contained, 90, 48).abs_diff(60) < 4);
    let covered = first(&|piece| piece.fit = Fit::Cover);
    assert!(at(&covered, 5, 5).abs_diff(180) < 4 && at(&covered, 90, 90).abs_diff(60) < 4);
    let half = Crop { left: 0.5, top: 0.0, width: 0.5, height: 1.0 };
    let cropped = first(&|piece| piece.crop = Some(half));
    assert!(near(mean(&cropped), [60.0; 3], 4.0), "{:?}", mean(&cropped));
    let graded = first(&|piece| {
        piece.crop = Some(half);
        piece.grades = vec![Grade { exposure: 1.0, ..Grade::default() }; 2];
    });
    // Code 60 is 0.0452 in linear light; two stops make 0.181, which is code 118.
    assert!(near(mean(&graded), [118.0; 3], 5.0), "{:?}", mean(&graded));
}

#[test]
fn fades_rise_from_black_and_end_in_it() {
    let Some(bench) = Bench::new() else { return };
    let mut fading = piece(&bench.flat([200; 3], 30), 30);
    (fading.fade_in, fading.fade_out) = (10, 5);
    let levels: Vec<f64> = bench.frames(&recipe(vec![fading])).unwrap().iter().map(|it| mean(it)[0]).collect();
    assert_eq!((levels[0], levels[29]), (0.0, 0.0));
    assert!((levels[5] - 100.0).abs() < 4.0 && (levels[15] - 200.0).abs() < 4.0, "{levels:?}");
    assert!((levels[25] - 160.0).abs() < 4.0, "{levels:?}");
}

#[test]
fn titles_are_drawn_where_and_when_they_are_wanted() {
    let Some(bench) = Bench::new() else { return };
    let title = |text: &str| Title {
        text: text.to_owned(),
        at: (0.25, 0.75),
        size: 0.2,
        color: Color { r: 255, g: 255, b: 0 },
        start: 2,
        frames: 3,
    };
    let shown = |text: &str| {
        let mut titled = Piece::whole(Source::Blank(Color { r: 0, g: 0, b: 90 }), 8);
        titled.titles = vec![title(text)];
        bench.frames(&recipe(vec![titled])).unwrap()
    };
    let is_ink = |pixel: &[u8]| 128 < pixel[0] && 128 < pixel[1];
    let n_ink = |frame: &Frame| frame.data.chunks_exact(4).filter(|pixel| is_ink(pixel)).count();
    let frames = shown("HI & <b>");
    assert_eq!(
        frames.iter().map(|frame| 0 < n_ink(frame)).collect::<Vec<_>>(),
        [0, 0, 1, 1, 1, 0, 0, 0].map(|i| i == 1)
    );
    let places = frames[2].data.chunks_exact(4).enumerate().filter(|(_, pixel)| is_ink(pixel));
    let (n, x, y) = places.fold((0.0, 0.0, 0.0), |(n, x, y), (i, _)| {
        (n + 1.0, x + (i % SIZE.0 as usize) as f64, y + (i / SIZE.0 as usize) as f64)
    });
    let (x, y) = (x / n / f64::from(SIZE.0), y / n / f64::from(SIZE.1));
    assert!((x - 0.25).abs() < 0.05 && (y - 0.75).abs() < 0.06, "centre of the ink is {x:.2} {y:.2}");
    assert_eq!(shown("HI & <b>"), frames, "the same pixels each time");
    assert!(shown(" \n\u{7}").iter().all(|frame| n_ink(frame) == 0), "nothing to draw is no error");
    assert!(0 < n_ink(&shown(&"very long ".repeat(500))[2]), "a long text is cut, not refused");
}

#[test]
fn stills_are_files_or_frames_of_clips() {
    let Some(bench) = Bench::new() else { return };
    let path = bench.folder.path().join("still.png");
    let mut frame = Frame::black(50, 50);
    fill(&mut frame, [10, 120, 200]);
    // Half transparent red in one corner is dark red on black.
    frame.data[..4].copy_from_slice(&[200, 0, 0, 128]);
    crate::picture::write(&frame, &path).unwrap();
    let outputs = bench.import(model::ImportKind::Image, "still.png").unwrap();
    let model::Value::Image(image) = outputs[0].1.clone() else { panic!("{outputs:?}") };
    let clip = Recipe::still(image, 3, Rate::FILM);
    let frames = bench.frames(&clip).unwrap();
    assert_eq!((frames.len(), frames[2].width), (3, 50));
    assert_eq!(frames[1].data[..8], [100, 0, 0, 255, 10, 120, 200, 255]);
    let numbered = recipe(vec![piece(&bench.clip(0, 80), 80)]);
    let inner = Image::Frame { clip: numbered.into(), frame: 77 };
    assert_eq!(bench.numbers(&Recipe::still(inner, 2, Rate::FILM)), [77, 77]);
}
