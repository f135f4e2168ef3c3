//! What is wrong with a store. In English a finding speaks for itself; its Korean is made of its code
//! and its values.

use caching_with_redis::core::{Finding, FindingCode as Code};

use super::Language;

impl Language {
    /// What is found and what to do about it. One that this program does not know is in English.
    pub(crate) fn finding(self, finding: &Finding) -> String {
        match self {
            Self::English => finding.to_string(),
            Self::Korean => korean(finding).unwrap_or_else(|| finding.to_string()),
        }
    }
}

fn korean(finding: &Finding) -> Option<String> {
    let value =
        |name: &str| finding.value(name).map_or_else(|| "?".to_owned(), ToString::to_string);
    Some(match finding.code {
        Code::UnboundedMemory => {
            "서버에 메모리 제한이 없어 캐시가 시스템 메모리를 다 쓸 수 있습니다. 서버 설정에 \
             maxmemory와 maxmemory-policy allkeys-lru를 지정하세요"
                .to_owned()
        }
        Code::NoEviction => format!(
            "서버가 오래된 항목을 비우지 않으므로(maxmemory-policy {}) 가득 차면 쓰기가 실패합니다. \
             서버 설정에 maxmemory-policy allkeys-lru를 지정하세요",
            value("policy")
        ),
        Code::NotAllowed => {
            let command = value("command");
            format!(
                "이 사용자는 {command} 명령을 쓸 수 없어 서버 상태의 일부를 알 수 없습니다. \
                 ACL SETUSER … +{}로 허용하세요",
                command.replace(' ', "|")
            )
        }
        Code::NoTls => {
            "서버가 다른 시스템에 있는데 연결이 암호화되지 않았습니다. TLS를 쓰는 서버와 \
                        rediss:// 주소를 사용하세요"
                .to_owned()
        }
        Code::NoPassword => {
            "서버가 암호를 요구하지 않아 접속하는 누구나 모든 내용을 읽을 수 있습니다. \
                             서버 설정에 requirepass를 지정하거나 모든 사용자에게 암호를 주세요"
                .to_owned()
        }
        Code::NoTracking => {
            let reason = value("reason");
            format!(
                "서버가 변경을 알려 줄 수 없어 항목을 가까이 두는 것이 안전하지 않습니다. 이 사용자는 \
                 {reason} 명령을 쓸 수 없습니다. ACL SETUSER … +{}로 허용하세요",
                reason.replace(' ', "|")
            )
        }
        Code::SilentServer => format!(
            "여러 서버 가운데 하나가 응답하지 않습니다({}). 실행 중인지, 연결할 수 있는지 확인하세요. 그동안 \
             그 서버의 키는 미적중입니다",
            value("reason")
        ),
        Code::OldServer => format!(
            "서버가 Redis {}입니다. 시험된 가장 오래된 버전은 {}이며, 대화를 저장할 수 없습니다. 서버를 \
             업데이트하세요",
            value("version"),
            value("needed")
        ),
        Code::FewConnections => format!(
            "클라이언트 {}개가 연결되어 있으며 서버는 {}개까지 받습니다. CLIENT LIST로 누가 연결을 \
             쓰는지 확인하거나 maxclients를 늘리세요",
            value("clients"),
            value("most")
        ),
        _ => return more(finding, &value),
    })
}

/// Those of memory, disks and other servers.
fn more(finding: &Finding, value: &dyn Fn(&str) -> String) -> Option<String> {
    Some(match finding.code {
        Code::ReplicaLags => format!(
            "복제본 {}개가 뒤처져 있으며 가장 느린 것은 {}초 늦습니다. 복제본의 네트워크와 부하를 \
             확인하세요. 주 서버가 멈추면 그동안 쓴 내용을 잃습니다",
            value("replicas"),
            value("seconds")
        ),
        Code::IsReplica => {
            "서버가 복제본이라 쓰기를 받지 않습니다. 주 서버에 연결하세요".to_owned()
        }
        Code::PrimaryLost => format!(
            "복제본이 {}초 전부터 주 서버와 끊겨 있습니다. 주 서버가 실행 중이고 접근할 수 있는지 \
             확인하세요",
            value("seconds")
        ),
        Code::SlotsMissing => format!(
            "클러스터가 슬롯 16384개 중 {}개만 제공하므로 나머지 슬롯의 키는 실패합니다. CLUSTER \
             NODES와 redis-cli --cluster check로 멈춘 노드를 확인하세요",
            value("slots")
        ),
        Code::PersistenceFails => format!(
            "디스크에 쓰는 작업({})이 실패하여 서버가 쓰기를 거부할 수 있습니다. 서버의 로그와 폴더의 \
             공간, 권한을 확인하세요",
            value("what")
        ),
        Code::SlowFork => format!(
            "서버가 디스크에 쓰려고 fork하는 동안 {}ms 멈췄습니다. {FORK_LESS}",
            value("millis")
        ),
        Code::SlowDisk => format!(
            "디스크가 append-only 파일을 따라가지 못한 적이 {}번 있습니다. {WRITE_FASTER}",
            value("times")
        ),
        Code::SlowCommands => format!(
            "지난 한 시간 동안 느린 명령이 {}개 있었고, 가장 느린 {} 명령은 {}ms 걸렸습니다. SLOWLOG \
             GET을 확인하세요. 그동안 다른 모두가 기다립니다",
            value("commands"),
            value("command"),
            value("millis")
        ),
        Code::Stalls => {
            let event = value("event");
            format!(
                "지난 한 시간 안에 서버가 멈춘 적이 있습니다({event}). 마지막에는 {}ms, 가장 길게는 {}ms입니다. {}",
                value("millis"),
                value("most_millis"),
                remedy(&event)
            )
        }
        Code::Fragmentation => format!(
            "서버 메모리가 조각나 실제 사용량의 {}%를 차지합니다. 서버 설정에 activedefrag yes를 \
             지정하거나 서버를 다시 시작하세요",
            value("percent")
        ),
        Code::Evictions => format!(
            "{}시간 동안 키 {}개가 제때보다 먼저 비워졌고 {}개가 만료되었습니다. maxmemory를 늘리거나 \
             유효 시간을 줄이세요",
            value("hours"),
            value("evicted"),
            value("expired")
        ),
        Code::ClockSkew => format!(
            "서버와 이 시스템의 시계가 {}ms 다릅니다. 항목의 나이는 두 시계로 정해지므로 둘 다 NTP로 \
             맞추세요",
            value("millis")
        ),
        _ => return of_entries_and_files(finding, value),
    })
}

const FORK_LESS: &str =
    "transparent huge pages를 끄거나, 덜 자주 저장하거나, 복제본에서 저장하세요";

const WRITE_FASTER: &str = "더 빠른 디스크를 쓰거나 no-appendfsync-on-rewrite yes를 지정하세요";

/// What to do about what the server's latency monitor calls so.
fn remedy(event: &str) -> &'static str {
    match event {
        "fork" => FORK_LESS,
        "command" | "fast-command" => "SLOWLOG GET을 확인하세요. 그동안 다른 모두가 기다립니다",
        "expire-cycle" => {
            "많은 항목이 한꺼번에 만료됩니다. CACHE_TTL_JITTER로 만료 시각을 흩으세요"
        }
        _ if event.starts_with("eviction") => {
            "공간을 비우는 데 오래 걸립니다. maxmemory를 늘리세요"
        }
        _ if event.starts_with("aof") || event.starts_with("rdb") => WRITE_FASTER,
        _ => "서버에서 LATENCY DOCTOR를 확인하세요",
    }
}

fn of_entries_and_files(finding: &Finding, value: &dyn Fn(&str) -> String) -> Option<String> {
    Some(match finding.code {
        Code::ForeignKeys => format!(
            "다른 프로그램이 이 네임스페이스의 접두사를 쓰고 있습니다. 살펴본 키 {}개 중 {}개입니다. \
             다른 네임스페이스(CACHE_NAMESPACE)나 다른 데이터베이스를 쓰세요",
            value("looked_at"),
            value("keys")
        ),
        Code::UnreadableEntries => format!(
            "살펴본 항목 {}개 중 {}개가 다른 버전의 형식이거나 손상되어 없는 것으로 취급됩니다. 버전을 \
             바꾸었다면 할 일이 없습니다. 만날 때마다 새로 저장됩니다",
            value("looked_at"),
            value("entries")
        ),
        Code::DamagedVectors => format!(
            "살펴본 벡터 색인 항목 {}개 중 {}개가 손상되어 검색되지 않습니다. 그 항목을 다시 저장하거나 \
             색인을 지우고 다시 채우고, 디스크를 확인하세요",
            value("looked_at"),
            value("entries")
        ),
        Code::FileFull => format!(
            "캐시 파일이 한도에 이르러({} / {}바이트) 가장 덜 쓰인 항목을 버립니다. 없어진 항목이 많다면 \
             한도를 늘리세요",
            value("bytes"),
            value("most")
        ),
        Code::LargeLog => format!(
            "캐시 파일 옆의 로그가 {}바이트로 커졌습니다. 파일을 아주 오래 읽는 프로그램을 찾으세요. 모든 \
             프로그램이 파일을 닫으면 로그가 줄어듭니다",
            value("bytes")
        ),
        Code::OpenFile => format!(
            "이 시스템의 다른 사용자가 캐시 파일을 열 수 있습니다(모드 {}). chmod 600으로 막으세요. \
             벡터에서 원문의 많은 부분을 알아낼 수 있습니다",
            value("mode")
        ),
        Code::DiskFull => format!(
            "캐시 파일이 있는 디스크에 {}바이트만 남았습니다. 가득 차면 쓰기가 실패하므로 공간을 \
             확보하세요",
            value("bytes")
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use caching_with_redis::core::Severity;

    use super::*;
    use crate::language::catalogue::has_hangul;

    /// Each with the values that its documentation names.
    fn all() -> Vec<Finding> {
        let values: &[(Code, &[&'static str])] = &[
            (Code::UnboundedMemory, &[]),
            (Code::NoEviction, &["policy"]),
            (Code::NotAllowed, &["command"]),
            (Code::NoTls, &[]),
            (Code::NoPassword, &[]),
            (Code::ReplicaLags, &["seconds", "replicas"]),
            (Code::PrimaryLost, &["seconds"]),
            (Code::IsReplica, &[]),
            (Code::SilentServer, &["reason"]),
            (Code::SlotsMissing, &["slots"]),
            (Code::NoTracking, &["reason"]),
            (Code::PersistenceFails, &["what"]),
            (Code::SlowFork, &["millis"]),
            (Code::SlowDisk, &["times"]),
            (Code::SlowCommands, &["commands", "millis", "command"]),
            (Code::Stalls, &["event", "millis", "most_millis"]),
            (Code::Fragmentation, &["percent"]),
            (Code::Evictions, &["evicted", "expired", "hours"]),
            (Code::ClockSkew, &["millis"]),
            (Code::ForeignKeys, &["keys", "looked_at"]),
            (Code::UnreadableEntries, &["entries", "looked_at"]),
            (Code::DamagedVectors, &["entries", "looked_at"]),
            (Code::OldServer, &["version", "needed"]),
            (Code::FewConnections, &["clients", "most"]),
            (Code::FileFull, &["bytes", "most"]),
            (Code::LargeLog, &["bytes"]),
            (Code::OpenFile, &["mode"]),
            (Code::DiskFull, &["bytes"]),
        ];
        let finding = |(code, names): &(Code, &[&'static str])| {
            let finding = Finding::new(*code, Severity::Warning, "what", "what to do");
            names
                .iter()
                .fold(finding, |finding, name| finding.with(name, format!("<{name}>").as_str()))
        };
        values.iter().map(finding).collect()
    }

    #[test]
    fn every_finding_speaks_both_languages() {
        let all = all();
        for code in Code::ALL {
            let finding = all.iter().find(|finding| finding.code == *code);
            let name = code.as_str();
            let finding = finding.unwrap_or_else(|| panic!("{name} is not in the list above"));
            assert_eq!(Language::English.finding(finding), "what: what to do");
            let text = Language::Korean.finding(finding);
            assert!(has_hangul(&text), "{name} has no Korean side");
            assert!(!text.contains('?'), "{name} has no such value: {text}");
            for (value, shown) in finding.values() {
                assert!(text.contains(&shown.to_string()), "{name} does not say {value}: {text}");
            }
        }
        let theirs = Finding::new(Code::Other("theirs"), Severity::Info, "what", "");
        assert_eq!(Language::Korean.finding(&theirs), "what");
    }

    #[test]
    fn a_stall_is_told_with_its_remedy() {
        for (event, remedy) in [
            ("fork", "huge pages"),
            ("aof-write", "디스크"),
            ("expire-cycle", "CACHE_TTL_JITTER"),
            ("eviction-cycle", "maxmemory"),
            ("command", "SLOWLOG"),
            ("active-defrag-cycle", "LATENCY DOCTOR"),
        ] {
            let finding =
                Finding::new(Code::Stalls, Severity::Warning, "", "").with("event", event);
            let text = Language::Korean.finding(&finding);
            assert!(text.contains(event) && text.contains(remedy), "{text}");
        }
    }

    #[test]
    fn values_are_in_the_sentence() {
        let finding =
            Finding::new(Code::NotAllowed, Severity::Info, "", "").with("command", "slowlog get");
        let text = Language::Korean.finding(&finding);
        assert!(text.contains("slowlog get 명령") && text.contains("+slowlog|get"), "{text}");
    }
}
