//! The frames of the pages of documentation that this program writes.

pub(crate) mod metrics;

use super::help::{Text, text};

pub(crate) const CLI: Text = text(
    "\
# Command line

[한국어](ko/cli.md)

What `cache-cli VERB --help` says, of every verb. The options of every command, the exit codes and where settings come from are
told once, with the program itself. This page is written by the program: `cargo run -- reference cli --lang en > docs/cli.md`.
",
    "\
# 명령줄

[English](../cli.md)

모든 명령에 대해 `cache-cli VERB --help`가 보여 주는 내용입니다. 공통 옵션, 종료 코드, 설정의 출처는 프로그램 자체의 도움말에 한 번만
적습니다. 이 페이지는 프로그램이 씁니다: `cargo run -- reference cli --lang ko > docs/ko/cli.md`.
",
);

pub(crate) const CONFIGURATION: Text = text(
    "\
# Configuration

[한국어](ko/configuration.md)

Every setting has a name in the environment and a key in the settings file, which is TOML: the file that `CACHE_CONFIG` (or
`--config`) names, else `cache.toml` in the working folder where there is one. The command line overrides the environment, the
environment the file, the file the defaults. What a program of yours sets itself overrides all of them.

Times are seconds, or have a unit: `500ms`, `30s`, `5m`, `2h`, `7d`. Sizes are bytes, or have a unit: `512mb`, `2gb`. An unknown
key in the file is an error, and a variable that looks like a misspelt one a warning. Secrets are shown nowhere. Proxies are those
of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.

```toml
# cache.toml
redis_url = \"redis://127.0.0.1:6379\"
namespace = \"search\"
ttl = \"12h\"
vectors = \"compact\"
```

This page is written by the program: `cargo run -- reference configuration --lang en > docs/configuration.md`.

| in the environment | in the file | what it does (the default, or that it is a secret) |
|---|---|---|
",
    "\
# 설정

[English](../configuration.md)

모든 설정에는 환경 변수 이름과 설정 파일(TOML)의 키가 있습니다. 설정 파일은 `CACHE_CONFIG`(또는 `--config`)가 가리키는 파일이며,
없으면 작업 폴더의 `cache.toml`입니다. 명령줄은 환경 변수보다, 환경 변수는 파일보다, 파일은 기본값보다 우선합니다. 프로그램이 직접
정한 값은 이 모두보다 우선합니다.

시간은 초이거나 단위를 붙입니다: `500ms`, `30s`, `5m`, `2h`, `7d`. 크기는 바이트이거나 단위를 붙입니다: `512mb`, `2gb`. 파일의 알 수
없는 키는 오류이고, 철자가 틀린 듯한 환경 변수는 경고입니다. 비밀 값은 어디에도 표시되지 않습니다. 프록시는 `HTTPS_PROXY`,
`HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`를 따릅니다.

```toml
# cache.toml
redis_url = \"redis://127.0.0.1:6379\"
namespace = \"search\"
ttl = \"12h\"
vectors = \"compact\"
```

이 페이지는 프로그램이 씁니다: `cargo run -- reference configuration --lang ko > docs/ko/configuration.md`.

| 환경 변수 | 파일의 키 | 하는 일(괄호 안은 기본값 또는 비밀 여부) |
|---|---|---|
",
);
