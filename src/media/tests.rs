//! The package as its users see it: counts, identity of frames, lengths, determinism, bad media.

use crate::testing::Bench;

#[test]
fn frames_survive_encode_and_decode_in_order() {
    let Some(bench) = Bench::new() else { return };
    let media = bench.clip(100, 70);
    let recipe = model::Recipe::file(media, None, model::Rate::FILM);
    assert_eq!(bench.numbers(&recipe), (100..170).collect::<Vec<_>>());
}
