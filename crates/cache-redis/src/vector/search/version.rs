//! The version of a search module, and what it must not be asked for.

use std::fmt;

use cache_core::CacheError;
use redis::cmd;

use crate::info::{self, Info};
use crate::link::{Link, Server};
use crate::reply;

/// As modules count: 20623 is 2.6.23.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::vector) struct ModuleVersion(u32);

impl ModuleVersion {
    /// What the server tells; nothing where it does not name its module.
    pub(in crate::vector) async fn of(
        link: &Link,
        server: &Server,
    ) -> Result<Option<Self>, CacheError> {
        let mut command = cmd("INFO");
        command.arg("modules");
        let text = reply::bytes(link, link.at(&server.connector, &command).await?, "INFO")?;
        Ok(Self::read(&Info::new(String::from_utf8_lossy(&text).into_owned())))
    }

    fn read(info: &Info) -> Option<Self> {
        // There is a field `module` for each.
        let mut modules = info.starting("module").map(|(_, module)| module);
        let search =
            modules.find(|it| info::part(it, "name").is_some_and(|it: String| it == "search"))?;
        info::part(search, "ver").map(Self)
    }

    /// Whether graphs lose entries. In 2.6 an entry that is written again is taken out of the graph
    /// and put in anew, and when some thirty entries of one direction have been, searches reach these
    /// and no others, or only some of these. What no link leads to is never found, whatever the effort.
    pub(in crate::vector) fn loses_entries_of_graphs(self) -> bool {
        self.0 < 20_800
    }
}

impl fmt::Display for ModuleVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Option<ModuleVersion> {
        ModuleVersion::read(&Info::new(text.to_owned()))
    }

    #[test]
    fn the_version_is_that_of_the_search_module() {
        let text = "# Modules\r\nmodule:name=ReJSON,ver=20009,api=1\r\n\
                    module:name=search,ver=20623,api=1,filters=0,options=[]\r\n";
        let old = version(text).unwrap();
        assert_eq!(old.to_string(), "2.6.23");
        assert!(old.loses_entries_of_graphs());
        let new = version("module:name=search,ver=80205,api=1\r\n").unwrap();
        assert_eq!(new.to_string(), "8.2.5");
        assert!(!new.loses_entries_of_graphs());
        for unknown in ["", "# Modules\r\n", "module:name=research,ver=1\r\n", "module:name=search"]
        {
            assert_eq!(version(unknown), None, "{unknown:?}");
        }
    }
}
