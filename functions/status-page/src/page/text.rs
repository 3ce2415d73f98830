//! What people wrote, as blocks: paragraphs, headings (`## `), lists (`- `), and links where an address is. Nothing more: a
//! post that was written as plain text reads as it was written.

use shared::domain::text::{heading, item};

/// Characters of an address that is made a link.
const LINK_CHARS_MAX: usize = 500;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Block {
    /// `## What happened`.
    Heading(String),
    /// Lines with `- ` in front.
    List(Vec<Line>),
    /// Lines of running text.
    Paragraph(Vec<Line>),
}

/// A line: texts and links in turn.
pub type Line = Vec<Piece>;

/// A part of a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Text(String),
    /// An address, which is its own text.
    Link(String),
}

/// The blocks of a text.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut ended = true;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            ended = true;
        } else if let Some(words) = heading(line) {
            blocks.push(Block::Heading(words.to_owned()));
            ended = true;
        } else if let Some(item) = item(line) {
            match blocks.last_mut().filter(|_| !ended) {
                Some(Block::List(items)) => items.push(pieces(item)),
                _ => blocks.push(Block::List(vec![pieces(item)])),
            }
            ended = false;
        } else {
            match blocks.last_mut().filter(|_| !ended) {
                Some(Block::Paragraph(lines)) => lines.push(pieces(line)),
                _ => blocks.push(Block::Paragraph(vec![pieces(line)])),
            }
            ended = false;
        }
    }
    blocks
}

/// A line in pieces.
fn pieces(line: &str) -> Line {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(start) = ["https://", "http://"]
        .iter()
        .filter_map(|scheme| rest.find(scheme))
        .min()
    {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|c: char| c.is_whitespace() || c.is_control() || "<>\"'`".contains(c))
            .unwrap_or(from.len());
        // What ends a sentence is not of the address.
        let address = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
        let has_host = address.split_once("://").is_some_and(|(_, host)| !host.is_empty());
        if !has_host || address.len() > LINK_CHARS_MAX {
            let (text, after) = rest.split_at(start + end.max(1));
            pieces.push(Piece::Text(text.to_owned()));
            rest = after;
            continue;
        }
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        pieces.push(Piece::Link(address.to_owned()));
        rest = &from[address.len()..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    #[test]
    fn a_post_reads_as_it_was_written() {
        let blocks =
            blocks("We are sorry.\nIt was us.\n\n## Causes\n- one\n- two, see https://example.com/a?b=c.\n\nThanks #1");
        assert_eq!(
            blocks,
            [
                Block::Paragraph(vec![vec![text("We are sorry.")], vec![text("It was us.")]]),
                Block::Heading("Causes".into()),
                Block::List(vec![
                    vec![text("one")],
                    vec![
                        text("two, see "),
                        Piece::Link("https://example.com/a?b=c".into()),
                        text(".")
                    ]
                ]),
                Block::Paragraph(vec![vec![text("Thanks #1")]]),
            ]
        );
    }

    #[test]
    fn only_addresses_become_links() {
        assert_eq!(pieces("javascript:alert(1)"), [text("javascript:alert(1)")]);
        assert_eq!(pieces("https://"), [text("https://")]);
        assert_eq!(
            pieces("(http://a.b)<i>"),
            [text("("), Piece::Link("http://a.b".into()), text(")<i>")]
        );
        let long = format!("https://a.b/{}", "x".repeat(600));
        assert_eq!(pieces(&long), [text(&long)]);
        assert_eq!(blocks("\n \n"), []);
    }
}
