//! The published configurations: the program understands every line of them.

use std::path::Path;

use kw_console::ConsoleConfig;
use kw_partner::PartnerConfig;
use kw_personal::PersonalConfig;
use kw_pseudonymiser::PseudonymiserConfig;
use kw_switchboard::SwitchboardConfig;

#[test]
fn the_configurations_in_deploy_are_understood() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/config"));
    SwitchboardConfig::load(&folder.join("switchboard.toml")).unwrap_or_else(|error| panic!("{error}"));
    PseudonymiserConfig::load(&folder.join("pseudonymiser.toml")).unwrap_or_else(|error| panic!("{error}"));
    ConsoleConfig::load(&folder.join("console.toml")).unwrap_or_else(|error| panic!("{error}"));
    PersonalConfig::load(&folder.join("personal.toml")).unwrap_or_else(|error| panic!("{error}"));
    let partner = PartnerConfig::load(&folder.join("partner.toml")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(partner.sources.len(), 2);
}
