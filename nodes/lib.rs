//! Node kinds, one file each: declaration and pure plan.
//!
//! Knows the model only: no engine, no I/O, no codec. A new node is one file, one `mod` line and one line in `ALL`.

mod asking;
mod audio_effect;
mod audio_music;
mod audio_speech;
pub mod breakdown;
#[cfg(test)]
mod checks;
mod clip_frame;
mod composing;
mod consistency_cuts;
mod consistency_loudness;
mod consistency_match;
mod consistency_measure;
mod edit_color;
mod edit_concatenate;
mod edit_crop;
mod edit_crossfade;
mod edit_fade;
mod edit_gain;
mod edit_sound;
mod edit_speed;
mod edit_title;
mod edit_trim;
mod editing;
pub mod fountain;
mod generation;
mod guides;
mod import_audio;
mod import_clip;
mod import_folder;
mod import_image;
mod list_filter;
mod list_pick;
mod list_sort;
mod list_texts;
mod listing;
mod logic_switch;
mod measuring;
mod model_image;
mod model_video;
mod number_math;
mod number_value;
mod output_audio;
mod output_film;
mod output_json;
mod output_still;
mod output_text;
mod page;
mod prompt_compose;
mod prompt_from_shot;
mod prompt_text;
mod prompt_translate;
mod reference_character;
mod reference_location;
mod reference_prop;
mod reference_style;
mod referring;
mod rendering;
mod rewording;
#[cfg(test)]
mod samples;
mod schema;
mod sounding;
mod structure_breakdown;
mod structure_breakdown_model;
mod structure_idea;
mod structure_lines;
mod structure_script;
mod structure_shots;
mod template;
#[cfg(test)]
mod testing;
mod text_caption;
mod text_chat;
mod text_join;
mod text_replace;
mod words;

use model::{Catalog, NodeSpec};

pub use page::markdown;
pub use rendering::check_outputs;

/// Every kind, in the order of palette and reference page.
pub const ALL: &[&NodeSpec] = &[
    &structure_script::SPEC,
    &structure_idea::SPEC,
    &structure_breakdown::SPEC,
    &structure_breakdown_model::SPEC,
    &structure_shots::SPEC,
    &structure_lines::SPEC,
    &prompt_text::SPEC,
    &prompt_compose::SPEC,
    &prompt_from_shot::SPEC,
    &prompt_translate::SPEC,
    &text_join::SPEC,
    &text_replace::SPEC,
    &reference_character::SPEC,
    &reference_location::SPEC,
    &reference_prop::SPEC,
    &reference_style::SPEC,
    &import_image::SPEC,
    &import_clip::SPEC,
    &import_audio::SPEC,
    &import_folder::SPEC,
    &model_video::SPEC,
    &model_image::SPEC,
    &text_chat::SPEC,
    &text_caption::SPEC,
    &audio_speech::SPEC,
    &audio_effect::SPEC,
    &audio_music::SPEC,
    &edit_trim::SPEC,
    &edit_concatenate::SPEC,
    &edit_crossfade::SPEC,
    &edit_speed::SPEC,
    &edit_crop::SPEC,
    &edit_color::SPEC,
    &edit_title::SPEC,
    &edit_gain::SPEC,
    &edit_fade::SPEC,
    &edit_sound::SPEC,
    &clip_frame::SPEC,
    &consistency_measure::SPEC,
    &consistency_cuts::SPEC,
    &consistency_match::SPEC,
    &consistency_loudness::SPEC,
    &list_texts::SPEC,
    &list_filter::SPEC,
    &list_sort::SPEC,
    &list_pick::SPEC,
    &logic_switch::SPEC,
    &number_value::SPEC,
    &number_math::SPEC,
    &output_film::SPEC,
    &output_still::SPEC,
    &output_audio::SPEC,
    &output_text::SPEC,
    &output_json::SPEC,
];

/// The kinds that this build offers.
pub const CATALOG: Catalog = Catalog(ALL);
