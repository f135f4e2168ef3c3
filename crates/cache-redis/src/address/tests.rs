use super::*;

fn address(url: &str) -> Address {
    Address::new(&RedisConfig::new(url)).unwrap()
}

fn shown(url: &str) -> String {
    address(url).location()
}

#[test]
fn what_is_shown_holds_no_password() {
    assert_eq!(shown("redis://127.0.0.1"), "redis://127.0.0.1:6379/0");
    assert_eq!(shown("redis://:hunter2@h:7000/3"), "redis://h:7000/3");
    assert_eq!(shown("redis://app:hunter2@[::1]/1"), "redis://app@[::1]:6379/1");
    assert_eq!(shown("valkey://app:hunter2@h"), "redis://app@h:6379/0");
    assert_eq!(
        shown("unix:///run/redis.sock?db=2&user=app&pass=hunter2"),
        "unix://app@/run/redis.sock?db=2"
    );
    assert_eq!(shown("redis+unix:///run/redis.sock"), "unix:///run/redis.sock?db=0");
    assert_eq!(
        shown("redis+cluster://app:hunter2@a,b:7000,[::1]"),
        "redis+cluster://app@a:6379,b:7000,[::1]:6379/0"
    );
    let sentinels = "redis+sentinel://app:hunter2@a,b:7000/main/3?sentinel_password=hunter2";
    assert_eq!(shown(sentinels), "redis+sentinel://app@a:26379,b:7000/main/3");
}

#[test]
fn passwords_are_percent_decoded() {
    let login = address("redis+cluster://a%40b:p%40ss%2Fw%23rd%25@h,i").credentials.unwrap();
    assert_eq!(login.secret().expose_secret(), "p@ss/w#rd%");
    assert_eq!(login.user(), Some("a@b"));
}

#[test]
fn parameters_are_read() {
    let replicas = address("redis://h?replicas=a:1,[::1]&read_from=any").parameters;
    let tcp = |host: &str, port| Endpoint::Tcp(host.to_owned(), port);
    assert_eq!(replicas.replicas, [tcp("a", 1), tcp("::1", 6379)]);
    assert_eq!(replicas.read_from, Some(crate::ReadFrom::Any));
    let url =
        "redis+sentinel://h/my%20service?sentinel_user=w&sentinel_password=x%26y&sentinel_tls=no";
    let sentinel = address(url);
    assert_eq!(sentinel.kind, Kind::Sentinel("my service".to_owned()));
    let login = sentinel.parameters.sentinel_credentials.unwrap();
    assert_eq!((login.user(), login.secret().expose_secret()), (Some("w"), "x&y"));
    assert_eq!(sentinel.parameters.sentinel_tls, Some(false));
    assert_eq!(address("valkey-cluster://a,b").kind, Kind::Cluster);
}

#[test]
fn more_nodes_are_those_of_the_same_kind() {
    let config = RedisConfig::new("redis+sentinel://a/main").with_nodes(["b", "c:1"]);
    let location = Address::new(&config).unwrap().location();
    assert_eq!(location, "redis+sentinel://a:26379,b:26379,c:1/main/0");
    let one = RedisConfig::new("redis://a").with_nodes(["b"]);
    let error = Address::new(&one).err().unwrap();
    assert!(error.to_string().contains("redis+cluster://"), "{error}");
}

#[test]
fn a_bad_url_is_refused_with_advice_and_without_being_shown() {
    let urls = [
        "",
        "localhost:6379",
        "http://:hunter2@h",
        "redis://",
        "redis://:hunter2@",
        "redis://:hunt#er2@h",
        "redis://:12/hunter2@h:6379",
        "redis://:hunter2@h:99999",
        "redis://:hunter2@h/db",
        "redis://:hunter2@0.0.0.0",
        "redis://:hunter2@a,b",
        "redis://h?hunter2=1",
        "redis://h?read_from=hunter2",
        "redis+ring://:hunter2@h",
        "redis+cluster://:hunter2@a,,b",
        "redis+cluster://:hunter2@a/1",
        "redis+sentinel://:hunter2@a",
        "redis+sentinel://:hunter2@a/main/db",
        "redis+sentinel://a/main?sentinel_user=hunter2",
        "unix://",
    ];
    for url in urls {
        let error = Address::new(&RedisConfig::new(url)).err().expect(url);
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("hunt"), "{url}: {text}");
        let advice = ["redis://", "redis+cluster://", "read_from", "sentinel_"];
        assert!(advice.iter().any(|word| text.contains(word)), "{url}: {text}");
    }
}

#[cfg(feature = "tls")]
#[test]
fn tls_is_verified_or_refused() {
    assert_eq!(shown("rediss://app:hunter2@h:6380"), "rediss://app@h:6380/0");
    assert_eq!(shown("rediss+cluster://h"), "rediss+cluster://h:6379/0");
    let refused = |config: RedisConfig| {
        crate::RedisBackend::open(&config).map(drop).expect_err("it is refused")
    };
    let insecure = refused(RedisConfig::new("rediss://h/#insecure"));
    assert!(insecure.to_string().contains("with_ca_certificate"), "{insecure}");
    let unusable = ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAA\n"];
    for pem in unusable {
        for config in [
            RedisConfig::new("rediss://h").with_ca_certificate(pem),
            RedisConfig::new("rediss://h").with_client_certificate(pem, pem),
        ] {
            assert_eq!(refused(config).kind(), ErrorKind::InvalidInput);
        }
    }
    let plain = RedisConfig::new("redis://h");
    for config in [
        plain.clone().with_ca_certificate("pem"),
        plain.clone().with_client_certificate("pem", "pem"),
        plain.with_server_name("name"),
        RedisConfig::new("rediss://h").with_server_name("not a name"),
    ] {
        assert_eq!(refused(config).kind(), ErrorKind::InvalidInput);
    }
}
