//! From the text of `INFO` to figures.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use super::{CommandFigures, Look, ReplicaFigures, ServerFigures, ServerReport, ServerRole};
use crate::info::{Info, part};

/// The changes that primaries have made, by the history that they are of.
type Offsets = HashMap<String, u64>;

pub(super) fn reports(looks: Vec<Look>) -> Vec<ServerReport> {
    let infos = looks.iter().filter_map(|look| look.answer.as_ref().ok());
    let offsets = infos.filter(|info| role(info) == ServerRole::Primary).filter_map(|info| {
        Some((info.text("master_replid")?.to_owned(), info.number("master_repl_offset")?))
    });
    let offsets: Offsets = offsets.collect();
    let report = |Look { name, answer }| {
        let figures = answer.map(|info| figures(&info, &offsets));
        ServerReport { name, figures }
    };
    looks.into_iter().map(report).collect()
}

fn role(info: &Info) -> ServerRole {
    if info.is("role", "slave") { ServerRole::Replica } else { ServerRole::Primary }
}

/// The server's name and its version. Valkey calls itself a Redis, too.
pub(crate) fn named(info: &Info) -> (String, String) {
    let server = info.text("server_name").unwrap_or("redis").to_owned();
    let version = info.text(&format!("{server}_version")).or_else(|| info.text("redis_version"));
    let version = version.unwrap_or("unknown").to_owned();
    (server, version)
}

fn figures(info: &Info, offsets: &Offsets) -> ServerFigures {
    let count = |name| info.number(name).unwrap_or(0);
    let (server, version) = named(info);
    let role = role(info);
    ServerFigures {
        role,
        server,
        version,
        uptime: Duration::from_secs(count("uptime_in_seconds")),
        used_bytes: count("used_memory"),
        max_bytes: info.number("maxmemory").filter(|&bytes| bytes > 0),
        peak_bytes: count("used_memory_peak"),
        fragmentation_ratio: info.parsed("mem_fragmentation_ratio"),
        eviction_policy: info.text("maxmemory_policy").map(str::to_owned),
        clients: count("connected_clients"),
        blocked_clients: count("blocked_clients"),
        max_clients: info.number("maxclients"),
        ops_per_second: count("instantaneous_ops_per_sec"),
        commands_processed: count("total_commands_processed"),
        keyspace_hits: count("keyspace_hits"),
        keyspace_misses: count("keyspace_misses"),
        evicted_keys: count("evicted_keys"),
        expired_keys: count("expired_keys"),
        received_bytes: count("total_net_input_bytes"),
        sent_bytes: count("total_net_output_bytes"),
        replicas: count("connected_slaves"),
        replica: (role == ServerRole::Replica).then(|| replica(info, offsets)),
        commands: commands(info),
    }
}

fn replica(info: &Info, offsets: &Offsets) -> ReplicaFigures {
    let primary = info.text("master_replid").and_then(|history| offsets.get(history));
    let own = info.number("slave_repl_offset");
    ReplicaFigures {
        link_up: info.is("master_link_status", "up"),
        // It is -1 while there is no link.
        silent_for: info.number("master_last_io_seconds_ago").map(Duration::from_secs),
        behind_bytes: primary.zip(own).map(|(primary, own)| primary.saturating_sub(own)),
    }
}

fn commands(info: &Info) -> Vec<CommandFigures> {
    let command = |(name, value): (&str, &str)| {
        let number = |name| part(value, name).unwrap_or(0);
        CommandFigures {
            name: name.to_owned(),
            calls: number("calls"),
            time: Duration::from_micros(number("usec")),
            rejected_calls: number("rejected_calls"),
            failed_calls: number("failed_calls"),
        }
    };
    let mut commands: Vec<_> = info.starting("cmdstat_").map(command).collect();
    commands.sort_by(|a, b| (Reverse(a.time), &a.name).cmp(&(Reverse(b.time), &b.name)));
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(name: &str, text: &str) -> Look {
        Look { name: name.to_owned(), answer: Ok(Info::new(text.replace(' ', "\r\n"))) }
    }

    #[test]
    fn a_replica_is_behind_the_primary_of_its_history() {
        let reports = reports(vec![
            look("a:1", "role:master master_replid:aa master_repl_offset:500 maxmemory:0"),
            look("b:1", "role:master master_replid:bb master_repl_offset:9000"),
            look(
                "a:2",
                "role:slave master_replid:aa slave_repl_offset:480 master_link_status:up \
                 master_last_io_seconds_ago:3",
            ),
            look("c:2", "role:slave master_replid:cc master_last_io_seconds_ago:-1"),
        ]);
        let replica = |index: usize| {
            let report: &ServerReport = &reports[index];
            report.figures.as_ref().unwrap().replica
        };
        assert_eq!((replica(0), replica(1)), (None, None));
        let (link_up, silent_for) = (true, Some(Duration::from_secs(3)));
        let behind = ReplicaFigures { link_up, silent_for, behind_bytes: Some(20) };
        assert_eq!(replica(2), Some(behind));
        let lost = ReplicaFigures { link_up: false, silent_for: None, behind_bytes: None };
        assert_eq!(replica(3), Some(lost));
        assert_eq!(reports[0].figures.as_ref().unwrap().max_bytes, None);
    }

    #[test]
    fn commands_are_told_by_their_time() {
        let text = "cmdstat_get:calls=4,usec=20,usec_per_call=5.00,rejected_calls=1,failed_calls=2 \
                    cmdstat_config|get:calls=0,usec=0 cmdstat_set:calls=1,usec=90";
        let commands = commands(&Info::new(text.replace(' ', "\r\n")));
        let names: Vec<_> = commands.iter().map(|command| command.name.as_str()).collect();
        assert_eq!(names, ["set", "get", "config|get"]);
        let get = &commands[1];
        assert_eq!((get.calls, get.rejected_calls, get.failed_calls), (4, 1, 2));
        assert_eq!(get.time_per_call(), Duration::from_micros(5));
        assert_eq!(commands[2].time_per_call(), Duration::ZERO);
    }
}
