//! Plots: an SVG that a screen reader gets by name and description, with a table of the same figures behind it.

use std::fmt::Write as _;

use askama::Template;

use crate::Frame;

/// A value with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What it is of.
    pub label: String,
    /// How many.
    pub value: u64,
}

/// Bars. Texts are in the language of the page already.
#[derive(Debug, Clone)]
pub struct Plot {
    /// A name for it in the page: letters and hyphens.
    pub id: &'static str,
    /// What it shows.
    pub title: String,
    /// What the bars are of.
    pub of: String,
    /// What is counted.
    pub unit: String,
    /// The bars, in their order.
    pub bars: Vec<Bar>,
}

#[derive(Template)]
#[template(path = "plot.html")]
struct View<'a> {
    f: &'a Frame,
    plot: &'a Plot,
    columns: Vec<Column<'a>>,
    lines: Vec<Line>,
    upright: bool,
    height: u32,
}

struct Column<'a> {
    bar: &'a Bar,
    at: u32,
    size: u32,
    /// Where the middle of its label is, if it has one.
    label: Option<u32>,
}

struct Line {
    at: u32,
    value: u64,
}

/// Of the drawing, in its own units.
const WIDTH: u32 = 640;
const TALL: u32 = 200;
const ROW: u32 = 28;
/// As wide as a letter of a label is, about.
const LETTER: u32 = 8;
const MOST_LABELS: usize = 8;

impl Plot {
    /// Standing bars side by side, as over time.
    pub fn columns(&self, f: &Frame) -> String {
        let (most, steps) = scale(self.most());
        let width = WIDTH / u32::try_from(self.bars.len().max(1)).unwrap_or(WIDTH);
        let places = self.labels(width);
        let columns = self.bars.iter().enumerate().map(|(at, bar)| Column {
            bar,
            at: u32::try_from(at).unwrap_or(0) * width,
            size: part(bar.value, most, TALL),
            label: places[at],
        });
        let lines = (0..=steps).map(|step| {
            let value = most / u64::from(steps) * u64::from(step);
            Line { at: TALL - part(value, most, TALL), value }
        });
        self.draw(f, columns.collect(), lines.collect(), true, TALL + 30)
    }

    /// Lying bars below each other, as over names.
    pub fn rows(&self, f: &Frame) -> String {
        let (most, _) = scale(self.most());
        let rows = self.bars.iter().enumerate().map(|(at, bar)| Column {
            bar,
            at: u32::try_from(at).unwrap_or(0) * ROW,
            size: part(bar.value, most, WIDTH / 2),
            label: None,
        });
        let height = ROW * u32::try_from(self.bars.len()).unwrap_or(0) + 4;
        self.draw(f, rows.collect(), Vec::new(), false, height)
    }

    /// Where labels below standing bars of this width are: as many as have room, each whole in the drawing.
    fn labels(&self, width: u32) -> Vec<Option<u32>> {
        let half = self.half_of_longest().min(WIDTH / 2);
        let every = self.bars.len().div_ceil(MOST_LABELS).max(1);
        let mut last = None;
        let mut place = |at: usize| {
            let middle = u32::try_from(at).unwrap_or(0) * width + width / 2;
            let middle = middle.clamp(half, WIDTH - half);
            let is_free = last.is_none_or(|last| middle >= last + 2 * half + LETTER);
            let placed = (at.is_multiple_of(every) && is_free).then_some(middle);
            last = placed.or(last);
            placed
        };
        (0..self.bars.len()).map(&mut place).collect()
    }

    fn half_of_longest(&self) -> u32 {
        let longest = self.bars.iter().map(|bar| bar.label.chars().count()).max().unwrap_or(0);
        u32::try_from(longest).unwrap_or(WIDTH) * LETTER / 2
    }

    fn most(&self) -> u64 {
        self.bars.iter().map(|bar| bar.value).max().unwrap_or(0)
    }

    /// What a reader hears instead of the drawing.
    fn described(&self) -> String {
        let mut text = format!("{}: ", self.unit);
        for (at, bar) in self.bars.iter().take(12).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            // Writing into a text does not fail.
            let _ = write!(text, "{comma}{} {}", bar.label, bar.value);
        }
        text
    }

    fn draw(
        &self,
        f: &Frame,
        columns: Vec<Column<'_>>,
        lines: Vec<Line>,
        upright: bool,
        height: u32,
    ) -> String {
        View { f, plot: self, columns, lines, upright, height }.render().unwrap_or_default()
    }
}

/// A round number at or above the highest value, and in how many steps to get there.
fn scale(most: u64) -> (u64, u32) {
    let magnitude = 10u64.pow(most.max(1).ilog10());
    let found = [1, 2, 5, 10].into_iter().map(|step| step * magnitude).find(|value| *value >= most.max(1));
    let top = found.unwrap_or(most).max(4);
    (top.next_multiple_of(4), 4)
}

fn part(value: u64, of: u64, length: u32) -> u32 {
    u32::try_from(value.saturating_mul(u64::from(length)) / of.max(1)).unwrap_or(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number_above_the_highest_value() {
        assert_eq!(scale(0), (4, 4));
        assert_eq!(scale(7), (12, 4));
        assert_eq!(scale(14), (20, 4));
        assert_eq!(scale(480), (500, 4));
        assert_eq!(scale(999), (1000, 4));
    }

    #[test]
    fn every_label_is_whole_and_beside_the_others() {
        for (count, label) in
            [(1, "22-11"), (9, "11-2026"), (31, "22-11"), (57, "22-11"), (65, "november 2026")]
        {
            let bar = Bar { label: label.to_owned(), value: 1 };
            let plot = Plot {
                id: "time",
                title: String::new(),
                of: String::new(),
                unit: String::new(),
                bars: vec![bar; count],
            };
            let places: Vec<u32> = plot.labels(WIDTH / count as u32).into_iter().flatten().collect();
            let half = label.len() as u32 * LETTER / 2;
            assert!(
                !places.is_empty() && places.iter().all(|at| (half..=WIDTH - half).contains(at)),
                "{places:?}"
            );
            assert!(places.windows(2).all(|two| two[1] - two[0] >= 2 * half), "{label}: {places:?}");
        }
    }

    #[test]
    fn a_bar_is_as_long_as_its_part_of_the_whole() {
        assert_eq!(part(5, 10, 200), 100);
        assert_eq!(part(0, 0, 200), 0);
    }
}
