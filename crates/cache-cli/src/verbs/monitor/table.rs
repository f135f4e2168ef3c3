//! Columns of text, whatever its letters' widths are.

use unicode_width::UnicodeWidthStr;

/// Lines of a table: the first column to the left, all others to the right. The first row is the
/// heading.
pub(super) fn lines(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
        let gap = " ".repeat(width - cell.width());
        match column {
            0 => line.extend([cell, gap.as_str()]),
            _ => line.extend(["  ", gap.as_str(), cell]),
        }
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_look() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let lines = lines(&[row(["노드", "메모리", "x"]), row(["a:1", "1", "12"])]);
        assert_eq!(lines, ["노드  메모리   x", "a:1        1  12"]);
    }
}
