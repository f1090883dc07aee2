//! A shot and its references as the text that a model reads, and which references a shot calls for.
//!
//! Pure text from data, shared by the prompt and model nodes; a language model would write livelier prompts, but not
//! the same one twice.

use std::sync::Arc;

use model::{PlanCx, PortType, Ports, Reference, Role, Shot, Stop};

use crate::template::{Part, parse};
use crate::words::{camera, dialogue, doing, light, listed};

/// One line per subject; lines whose slots are all empty are left out.
pub(crate) const TEMPLATE: &str = "{shot}\nCamera: {camera}.\nCast: {cast}.\nLocation: {location}.\nProps: {props}.\n\
    Light: {light}.\nStyle: {style}.";

/// The slots that a template may name.
pub(crate) const SLOTS: &[&str] =
    &["shot", "camera", "cast", "location", "props", "light", "style", "dialogue", "palette", "scene"];

/// What a model reads.
#[derive(Debug, PartialEq)]
pub(crate) struct Prompt {
    pub text: String,
    pub negative: String,
}

/// Ports of a node that puts a shot into words.
pub(crate) fn shot_ports() -> Ports {
    Ports::new()
        .input("shot", PortType::Shot, "The shot to describe")
        .optional_gather("characters", PortType::Character, "Everybody; the shot takes whom it names")
        .optional_gather("locations", PortType::Location, "Every place; the shot takes its own")
        .optional_gather("props", PortType::Prop, "Every prop; the shot takes what it names")
        .optional_gather("styles", PortType::Style, "Styles, all of which enter")
        .output("prompt", PortType::Text, "What the model is told")
        .output("negative", PortType::Text, "What the model must not show")
}

/// Everybody and everything on those ports.
///
/// # Errors
/// A refusal where something else is connected.
pub(crate) fn wired(cx: &PlanCx<'_>) -> Result<Vec<Arc<Reference>>, Stop> {
    let mut references: Vec<Arc<Reference>> = Vec::new();
    for port in ["characters", "locations", "props", "styles"] {
        references.extend(cx.references(port)?.into_iter().map(|(_, reference)| reference.clone()));
    }
    Ok(references)
}

/// The references that a shot names (cast, place, props) and every style, in the order given.
///
/// A character that is only heard comes without picture and description: its voice is wanted, its face is not.
pub(crate) fn called(shot: &Shot, references: &[Arc<Reference>]) -> Vec<Arc<Reference>> {
    let location = shot.setting.location.as_str();
    let exact = references.iter().any(|it| it.role == Role::Location && it.is_called(location));
    // `LIGHTHOUSE - LAMP ROOM` is part of the LIGHTHOUSE where nobody described the room.
    let place = if exact { location } else { location.split(" - ").next().unwrap_or(location) };
    let names = |reference: &Reference| match reference.role {
        Role::Character => shot.cast.iter().any(|member| reference.is_called(&member.name)),
        Role::Location => reference.is_called(place),
        Role::Prop => shot.props.iter().any(|prop| reference.is_called(prop)),
        Role::Style => true,
    };
    let heard = |reference: &Reference| {
        reference.role == Role::Character && shot.lines.iter().any(|line| reference.is_called(&line.character))
    };
    let select = |reference: &Arc<Reference>| {
        if names(reference) {
            Some(reference.clone())
        } else if heard(reference) {
            Some(Arc::new(Reference {
                description: String::new(),
                negative: String::new(),
                palette: Vec::new(),
                images: Vec::new(),
                ..Reference::clone(reference)
            }))
        } else {
            None
        }
    };
    references.iter().filter_map(select).collect()
}

/// Fills a template from a shot and the references that it calls for.
///
/// # Errors
/// One sentence about a brace that stands alone or a slot that nobody fills.
pub(crate) fn compose(
    template: &str,
    prefix: &str,
    negative: &str,
    shot: &Shot,
    called: &[Arc<Reference>],
) -> Result<Prompt, String> {
    let mut lines = Vec::new();
    if !prefix.trim().is_empty() {
        lines.push(prefix.trim().to_owned());
    }
    for line in template.lines() {
        let (mut text, mut n_slots, mut n_filled) = (String::new(), 0, 0);
        let parts = parse(line)?;
        for (idx, part) in parts.iter().enumerate() {
            match *part {
                Part::Text(literal) => text.push_str(literal),
                Part::Slot(name) => {
                    let filling = filled(name, shot, called)
                        .ok_or_else(|| format!("`{{{name}}}` is not a slot; there are {}", SLOTS.join(", ")))?;
                    n_slots += 1;
                    n_filled += usize::from(!filling.is_empty());
                    let stop_follows = matches!(parts.get(idx + 1), Some(Part::Text(next)) if next.starts_with('.'));
                    text.push_str(if stop_follows { filling.trim_end_matches('.') } else { &filling });
                }
            }
        }
        if n_slots == 0 || 0 < n_filled {
            lines.push(text);
        }
    }
    let seen = called.iter().filter(|it| !it.negative.trim().is_empty()).map(|it| it.negative.trim());
    let negative = listed(std::iter::once(negative.trim()).chain(seen));
    Ok(Prompt { text: lines.join("\n").trim().to_owned(), negative })
}

fn filled(slot: &str, shot: &Shot, called: &[Arc<Reference>]) -> Option<String> {
    let described = |role: Role| called.iter().filter(move |it| it.role == role && !it.description.trim().is_empty());
    let descriptions = |role: Role| {
        described(role).map(|it| it.description.trim().trim_end_matches('.')).collect::<Vec<_>>().join("; ")
    };
    Some(match slot {
        "shot" => shot.text.trim().to_owned(),
        "camera" => camera(&shot.camera),
        "light" => light(&shot.setting),
        "dialogue" => dialogue(&shot.lines),
        "scene" => shot.setting.location.clone(),
        "style" => descriptions(Role::Style),
        "location" => {
            let described = descriptions(Role::Location);
            listed([shot.setting.location.trim(), &described])
        }
        "cast" => {
            let member = |member: &model::CastMember| {
                let reference = described(Role::Character).find(|it| it.is_called(&member.name));
                let looks = reference.map_or("", |it| it.description.trim().trim_end_matches('.'));
                let named = if looks.is_empty() { member.name.clone() } else { format!("{} ({looks})", member.name) };
                listed([named.as_str(), &doing(member)])
            };
            shot.cast.iter().map(member).collect::<Vec<_>>().join("; ")
        }
        "props" => {
            let prop = |name: &String| match described(Role::Prop).find(|it| it.is_called(name)) {
                Some(it) => format!("{name} ({})", it.description.trim().trim_end_matches('.')),
                None => name.clone(),
            };
            shot.props.iter().map(prop).collect::<Vec<_>>().join("; ")
        }
        "palette" => {
            let colors = called.iter().filter(|it| it.role == Role::Style).flat_map(|it| &it.palette);
            colors.map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::samples::{reference, shot};

    fn references() -> Vec<Arc<Reference>> {
        vec![
            reference(Role::Character, "MARA", "a keeper of sixty in a yellow oilskin."),
            reference(Role::Character, "JON", "a boy of nine."),
            reference(Role::Character, "EDA", "never mentioned"),
            reference(Role::Location, "LIGHTHOUSE", "white tower on black rock"),
            reference(Role::Style, "STORM", "16 mm grain, cold blues"),
        ]
    }

    #[test]
    fn only_what_the_shot_names_enters() {
        let called = called(&shot("s1.b1"), &references());
        let found: Vec<_> = called.iter().map(|it| (it.name.as_str(), it.images.len())).collect();
        // JON speaks from off screen: his voice enters, his picture does not.
        assert_eq!(found, [("MARA", 1), ("JON", 0), ("LIGHTHOUSE", 1), ("STORM", 1)]);
    }

    #[test]
    fn the_default_template_reads_like_a_brief() {
        let shot = shot("s1.b1");
        let prompt =
            compose(TEMPLATE, "Film still.", "text", &shot, &called(&shot, &references())).expect("it composes");
        expect![[r#"
            Film still.
            Mara climbs the stair.
            Camera: wide shot, eye level, 35 mm lens, slow push in.
            Cast: MARA (a keeper of sixty in a yellow oilskin), climbs, on the left.
            Location: LIGHTHOUSE - STAIR, white tower on black rock.
            Light: interior, night, storm.
            Style: 16 mm grain, cold blues."#]]
        .assert_eq(&prompt.text);
        assert_eq!(prompt.negative, "text, blur, blur, blur");
    }

    #[test]
    fn an_unknown_slot_is_named() {
        let refused = compose("{mood}", "", "", &shot("s1.b1"), &[]).expect_err("there is no mood");
        assert!(refused.starts_with("`{mood}` is not a slot; there are shot,"), "{refused}");
    }
}
