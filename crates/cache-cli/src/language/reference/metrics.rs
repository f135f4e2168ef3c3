//! The frame of the page of metrics.

use crate::language::help::{Text, text};

pub(crate) const HEAD: Text = text(
    "\
# Metrics

[한국어](ko/metrics.md)

Every metric, who gives it, and what it says. What to look at first, the dashboard and the alerts are in
[Observability](observability.md). A counter only grows, since its process or its server began; a gauge is what is; of a
histogram Prometheus has `_bucket`, `_sum` and `_count`. A unit of `count` is a number of things, or 1 for yes and 0 for no.

This page is written by the program: `cargo run -- reference metrics --lang en > docs/metrics.md`.
",
    "\
# 지표

[English](../metrics.md)

모든 지표와 그것을 제공하는 쪽, 뜻을 적었습니다. 먼저 볼 것, 대시보드, 경보는 [관측](observability.md)에 있습니다. counter는 프로세스나
서버가 시작된 뒤 늘기만 하고, gauge는 지금의 값이며, histogram은 Prometheus에 `_bucket`, `_sum`, `_count`로 나타납니다. 단위
`count`는 개수이거나, 예는 1이고 아니요는 0입니다.

이 페이지는 프로그램이 씁니다: `cargo run -- reference metrics --lang ko > docs/ko/metrics.md`.
",
);

pub(crate) const COLUMNS: Text = text(
    "
| metric | kind | unit | labels | what it says |
|---|---|---|---|---|
",
    "
| 지표 | 종류 | 단위 | 레이블 | 뜻 |
|---|---|---|---|---|
",
);

pub(crate) const SERVERS: Text = text(
    "
## Servers and stores

By `cache-cli monitor --listen`. `node` is the server's address, `role` is `primary` or `replica`, `command` the command's name as
the server has it, `store` the kind of a store that is no Redis.
",
    "
## 서버와 저장소

`cache-cli monitor --listen`이 제공합니다. `node`는 서버 주소, `role`은 `primary` 또는 `replica`, `command`는 서버가 쓰는 명령
이름, `store`는 Redis가 아닌 저장소의 종류입니다.
",
);

pub(crate) const EMBEDDINGS: Text = text(
    "
## Embeddings

What the embedding caches have done: under the first name all processes of a `namespace`, by `cache-cli monitor --listen`; under
the second, without labels, the process that publishes it through `Observed`.
",
    "
## 임베딩

임베딩 캐시가 한 일입니다. 첫 번째 이름은 한 `namespace`의 모든 프로세스이고 `cache-cli monitor --listen`이 제공합니다. 두 번째
이름은 레이블이 없으며 `Observed`로 내보내는 그 프로세스입니다.
",
);

pub(crate) const ANSWERS: Text = text(
    "
## Answers

The same of the response caches.
",
    "
## 답변

응답 캐시의 같은 지표입니다.
",
);

pub(crate) const WRAPPERS: Text = text(
    "
## A program's store and provider

As one program meets them: by `MeteredBackend`, `MeteredProvider` and `MeteredChat`, or with `CACHE_METRICS=true`. `store` is the
kind of the store; `provider` and `model` are those of the provider's identity.
",
    "
## 프로그램의 저장소와 제공자

프로그램 하나가 겪는 그대로입니다. `MeteredBackend`, `MeteredProvider`, `MeteredChat` 또는 `CACHE_METRICS=true`가 기록합니다.
`store`는 저장소의 종류이고, `provider`와 `model`은 제공자가 밝힌 이름입니다.
",
);

pub(crate) const OBSERVED: Text = text(
    "
## A program's guard and near cache

By `Observed`, of the process that publishes them. Those of the queue are there with `CACHE_WRITE_BEHIND`, those of the near cache
with `CACHE_NEAR_MEMORY`.
",
    "
## 프로그램의 가드와 근접 캐시

`Observed`가 그 프로세스의 것을 내보냅니다. 대기열의 지표는 `CACHE_WRITE_BEHIND`를, 근접 캐시의 지표는 `CACHE_NEAR_MEMORY`를
쓸 때 있습니다.
",
);

pub(crate) const VALUES: Text = text(
    "
## Values of labels

All other labels hold names that a person has given, or that a server has. No label holds a key, a text or a secret.

| label | of | values |
|---|---|---|
",
    "
## 레이블의 값

다른 레이블의 값은 모두 사람이 지었거나 서버가 쓰는 이름입니다. 키, 텍스트, 비밀 값은 어떤 레이블에도 없습니다.

| 레이블 | 지표 | 값 |
|---|---|---|
",
);
