//! The answer of `INFO`.

use std::str::FromStr;

/// Its fields by name.
pub(crate) struct Info(String);

impl Info {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields().find_map(|(field, value)| (field == name).then_some(value))
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.parsed(name)
    }

    pub(crate) fn is(&self, name: &str, value: &str) -> bool {
        self.text(name) == Some(value)
    }

    pub(crate) fn parsed<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok()
    }

    /// The fields whose names start so and go on with a number.
    pub(crate) fn numbered(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let is_number = |name: &str| name.bytes().all(|digit| digit.is_ascii_digit());
        self.starting(prefix).filter_map(move |(name, value)| is_number(name).then_some(value))
    }

    /// The fields whose names start so, by what follows.
    pub(crate) fn starting(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        self.fields().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name, value.trim()))
    }
}

/// One part of a field that has several: `calls=3,usec=40`.
pub(crate) fn part<T: FromStr>(value: &str, name: &str) -> Option<T> {
    let mut parts = value.split(',').filter_map(|part| part.split_once('='));
    parts.find_map(|(part, value)| (part == name).then(|| value.parse().ok()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "# Memory\r\nused_memory_rss:9\r\nused_memory:1024\r\nratio:1.5\r\n\
                    slave0:ip=::1,port=7,state=online\r\nslave_priority:100\r\n";
        let info = Info::new(text.to_owned());
        assert_eq!((info.number("used_memory"), info.number("used")), (Some(1024), None));
        assert_eq!((info.parsed("ratio"), info.number("ratio")), (Some(1.5), None));
        assert_eq!(info.text("slave0"), Some("ip=::1,port=7,state=online"));
        let replicas: Vec<_> = info.starting("slave").collect();
        assert_eq!(replicas[0], ("0", "ip=::1,port=7,state=online"));
        assert_eq!(part(replicas[0].1, "ip"), Some("::1".to_owned()));
        assert_eq!(
            (part(replicas[0].1, "port"), part::<u16>(replicas[0].1, "lag")),
            (Some(7), None)
        );
    }
}
