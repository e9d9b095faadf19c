//! Names that many people have, and places that are nowhere.

pub(super) const GIVEN_NAMES: &[&str] = &[
    "Aïsha", "Anouk", "Bas", "Daan", "Eline", "Emre", "Esra", "Fatima", "Fleur", "Floor", "Gijs", "Hamza", "Ilse",
    "Iris", "Jasmijn", "Jayden", "Jesse", "Joep", "Kaya", "Koen", "Lars", "Lieke", "Lotte", "Luuk", "Maud", "Mees",
    "Milan", "Mila", "Mohammed", "Nina", "Noah", "Olivia", "Puck", "Rayan", "Roos", "Ruben", "Sem", "Sofie", "Stijn",
    "Tess", "Thijs", "Tygo", "Vera", "Wout", "Yara", "Yusuf", "Zoë",
];

pub(super) const FAMILY_NAMES: &[&str] = &[
    "van den Akker", "Bakker", "van den Berg", "de Boer", "Bos", "Bouzid", "Brouwer", "van Dam", "Demir", "Dekker",
    "van Dijk", "Dijkstra", "El Amrani", "Gerritsen", "de Graaf", "de Groot", "Hendriks", "Hoekstra", "Huisman",
    "Jacobs", "de Jong", "Kaya", "Kok", "Koster", "Kuipers", "van Leeuwen", "Maas", "van der Meer", "Meijer", "Mulder",
    "Nguyen", "Peters", "Pinas", "Postma", "Prins", "Schouten", "Smits", "van der Veen", "Verhoeven", "Vermeulen",
    "Visser", "Vos", "de Waal", "Willems", "de Wit", "van Wijk", "Yilmaz", "IJpma",
];

pub(super) const STREETS: &[&str] = &[
    "Beukenlaan", "Dorpsstraat", "Eikenhof", "Haverweg", "Kerkpad", "Lindelaan", "Molenweg", "Nieuwstraat",
    "Parallelweg", "Rietdijk", "Schoolstraat", "Torenplein", "Vijverweg", "Waterkant",
];

pub(super) const TOWNS: &[&str] = &["Demostad", "Demostad", "Demostad", "Nieuw-Demo", "Demodijk", "Oud-Demo"];
