//! The devices of this computer that sound can come out of, by the names that people know them by.
//!
//! A name is all that is kept of a choice: what else identifies a device differs between sound systems, and changes
//! when it is plugged in elsewhere. Where nothing can be listed the list is empty, and the system's own choice plays.

use gstreamer as gst;
use gstreamer::prelude::*;

use crate::Gst;

/// What the system calls its devices; two of one name are told apart by numbers. Blocks on the sound system.
pub fn sound_devices_blocking(_gst: &Gst) -> Vec<String> {
    named(devices()).into_iter().map(|(name, _)| name).collect()
}

/// A sink for the device of that name; none where it is not there any more.
pub(super) fn sink(name: &str) -> Option<gst::Element> {
    let (_, device) = named(devices()).into_iter().find(|(found, _)| found == name)?;
    device.create_element(None).ok()
}

fn devices() -> Vec<gst::Device> {
    let monitor = gst::DeviceMonitor::new();
    if monitor.add_filter(Some("Audio/Sink"), None).is_none() || monitor.start().is_err() {
        return Vec::new();
    }
    let found = monitor.devices();
    monitor.stop();
    found.into_iter().collect()
}

fn named(devices: Vec<gst::Device>) -> Vec<(String, gst::Device)> {
    let names: Vec<String> = devices.iter().map(|device| device.display_name().to_string()).collect();
    numbered(&names).into_iter().zip(devices).collect()
}

/// Names of which no two are equal.
fn numbered(names: &[String]) -> Vec<String> {
    let before = |at: usize| names[..at].iter().filter(|name| **name == names[at]).count();
    let name = |at: usize| match before(at) {
        0 => names[at].clone(),
        n => format!("{} ({})", names[at], n + 1),
    };
    (0..names.len()).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_devices_of_one_name_are_told_apart() {
        let names = ["Speakers", "USB", "Speakers"].map(str::to_owned);
        assert_eq!(numbered(&names), ["Speakers", "USB", "Speakers (2)"]);
    }

    #[test]
    fn a_device_that_is_gone_is_none() {
        let Ok(gst) = Gst::new() else { return };
        let known = sound_devices_blocking(&gst);
        assert!(!known.iter().any(|name| name == "nobody's headphones"));
        assert!(sink("nobody's headphones").is_none());
    }
}
