mod copies;
mod entries;
mod published;
mod stored;
mod whole;
