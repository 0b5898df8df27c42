//! Bars as SVG.

use std::fmt::Write;

/// One bar.
#[derive(Debug)]
pub struct Bar {
    pub label: String,
    pub value: f64,
    pub text: String,
    pub colour: Colour,
}

/// Whose bar it is.
#[derive(Debug, Clone, Copy)]
pub enum Colour {
    Limit,
    Ours,
    Other,
}

impl Colour {
    const fn hex(self) -> &'static str {
        match self {
            Self::Limit => "#8a8f98",
            Self::Ours => "#1a7f5a",
            Self::Other => "#b9c2cf",
        }
    }
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 210.0;
const RIGHT: f64 = 150.0;
const STEP: f64 = 26.0;
const TOP: f64 = 44.0;

/// Horizontal bars, the longest as long as `longest`; longer ones are cut and say so by their text.
pub fn bars(title: &str, bars: &[Bar], longest: f64) -> String {
    let height = TOP + STEP * bars.len() as f64 + 12.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <title>{0}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"600\" fill=\"#1f2328\">{0}</text>\n",
        escaped(title)
    );
    for (at, bar) in bars.iter().enumerate() {
        let y = TOP + STEP * at as f64;
        let room = WIDTH - LEFT - RIGHT;
        let length = (bar.value / longest * room).clamp(1.0, room);
        let cut = if bar.value > longest { " →" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<text x=\"{0}\" y=\"{1}\" text-anchor=\"end\" fill=\"#1f2328\">{2}</text>\
             <rect x=\"{LEFT}\" y=\"{3}\" width=\"{length:.1}\" height=\"16\" rx=\"2\" fill=\"{4}\"/>\
             <text x=\"{5:.1}\" y=\"{1}\" fill=\"#59636e\">{6}{cut}</text>",
            LEFT - 10.0,
            y + 13.0,
            escaped(&bar.label),
            y,
            bar.colour.hex(),
            LEFT + length + 8.0,
            escaped(&bar.text)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
