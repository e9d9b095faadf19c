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
    labelled: bool,
}

struct Line {
    at: u32,
    value: u64,
}

/// Of the drawing, in its own units.
const WIDTH: u32 = 640;
const TALL: u32 = 200;
const ROW: u32 = 28;

impl Plot {
    /// Standing bars side by side, as over time.
    pub fn columns(&self, f: &Frame) -> String {
        let (most, steps) = scale(self.most());
        let width = WIDTH / u32::try_from(self.bars.len().max(1)).unwrap_or(WIDTH);
        let every = self.bars.len().div_ceil(8).max(1);
        let columns = self.bars.iter().enumerate().map(|(at, bar)| Column {
            bar,
            at: u32::try_from(at).unwrap_or(0) * width,
            size: part(bar.value, most, TALL),
            labelled: at % every == 0,
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
            labelled: true,
        });
        let height = ROW * u32::try_from(self.bars.len()).unwrap_or(0) + 4;
        self.draw(f, rows.collect(), Vec::new(), false, height)
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
    fn a_bar_is_as_long_as_its_part_of_the_whole() {
        assert_eq!(part(5, 10, 200), 100);
        assert_eq!(part(0, 0, 200), 0);
    }
}
