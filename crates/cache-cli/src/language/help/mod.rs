//! The texts of `--help`.

mod about;
mod common;
mod conversations;
mod imports;
mod indexes;
mod stores;
mod texts;

use super::Language;

/// A text in both languages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    english: &'static str,
    korean: &'static str,
}

impl Text {
    /// The text in this language.
    pub(crate) fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Korean => self.korean,
        }
    }
}

pub(super) const fn text(english: &'static str, korean: &'static str) -> Text {
    Text { english, korean }
}

pub(crate) const OPTIONS: Text = text("Options", "옵션");
pub(crate) const COMMON_OPTIONS: Text = text("Options of every command", "공통 옵션");
pub(crate) const ARGUMENTS: Text = text("Arguments", "인수");
pub(crate) const COMMANDS: Text = text("Commands", "명령");
pub(crate) const COMMAND: Text = text("COMMAND", "명령");
pub(crate) const USAGE: Text = text("Usage:", "사용법:");
pub(crate) const OPTIONS_IN_USAGE: Text = text("[OPTIONS]", "[옵션]");

/// What follows the options.
pub(crate) const EXIT_CODES: Text = text(
    "\
Exit codes:
  0    done
  1    the answer is no: a problem found, not cached, nothing found, no such session or index,
       some texts failed, not confirmed, changed meanwhile, another Redis is there
  2    the command line or a setting is wrong
  3    the store cannot be reached, or failed
  4    the provider failed: wrong key, no such deployment, refused text, no answer
  5    this machine failed: a file, a missing program, a port in use
  130  interrupted

Settings come from flags, then the environment (REDIS_URL, CACHE_TTL, AZURE_OPENAI_ENDPOINT, …),
then the settings file (cache.toml). With --json an error is one object on standard error.",
    "\
종료 코드:
  0    완료
  1    부정적인 결과: 문제 발견, 캐시에 없음, 찾은 것 없음, 세션이나 색인 없음, 일부 텍스트 실패,
       확인 거부, 그 사이 변경됨, 다른 Redis가 이미 실행 중
  2    명령줄이나 설정이 잘못됨
  3    저장소에 연결할 수 없거나 저장소 작업이 실패함
  4    제공자가 실패함: 잘못된 키, 없는 배포, 거부된 텍스트, 응답 없음
  5    이 컴퓨터의 문제: 파일, 없는 프로그램, 사용 중인 포트
  130  중단됨

설정은 명령줄 옵션, 환경 변수(REDIS_URL, CACHE_TTL, AZURE_OPENAI_ENDPOINT 등),
설정 파일(cache.toml)의 순서로 적용됩니다. --json을 쓰면 오류는 표준 오류에 객체 하나로 출력됩니다.",
);

/// Commands by their name, options by `command.option`, those of every command by their name alone;
/// the program itself is the empty name.
const HELP: &[&[(&str, Text)]] = &[
    common::HELP,
    stores::HELP,
    texts::HELP,
    imports::HELP,
    indexes::HELP,
    conversations::HELP,
    about::HELP,
];

fn all() -> impl Iterator<Item = &'static (&'static str, Text)> {
    HELP.iter().copied().flatten()
}

/// The help of a command or an option; empty where the catalogue has none, which the tests of the
/// command line refuse.
pub(crate) fn help(name: &str, language: Language) -> &'static str {
    let known = all().find(|(known, _)| *known == name);
    known.map_or("", |(_, text)| text.in_language(language))
}

/// All names, for the test that each is in use.
#[cfg(test)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::catalogue::has_hangul;

    #[test]
    fn both_sides_are_in_their_language() {
        let others = [OPTIONS, COMMON_OPTIONS, ARGUMENTS, COMMANDS, COMMAND, USAGE, EXIT_CODES];
        for text in all().map(|(_, text)| *text).chain(others) {
            assert!(!text.english.is_empty() && !has_hangul(text.english), "{}", text.english);
            assert!(has_hangul(text.korean), "{}", text.english);
        }
    }
}
