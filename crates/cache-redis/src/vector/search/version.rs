//! The version of a search module, and what it knows.

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

    /// Whether it knows vectors of half-precision numbers.
    pub(in crate::vector) fn knows_halves(self) -> bool {
        self.0 >= 21_000
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
                    module:name=search,ver=20817,api=1,filters=0,options=[]\r\n";
        assert_eq!(version(text), Some(ModuleVersion(20_817)));
        assert!(!ModuleVersion(20_817).knows_halves());
        assert!(version("module:name=search,ver=21005,api=1\r\n").unwrap().knows_halves());
        for unknown in ["", "# Modules\r\n", "module:name=research,ver=1\r\n", "module:name=search"]
        {
            assert_eq!(version(unknown), None, "{unknown:?}");
        }
    }
}
