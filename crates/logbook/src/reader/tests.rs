mod copies;
mod entries;
mod flips;
mod published;
mod stored;
mod whole;
