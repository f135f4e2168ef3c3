//! Just enough of a client to ask a test server how it is.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Sends one command over a connection of its own. The reply is a status, a number or a text, or a
/// list of them, one a line.
pub(crate) fn ask(port: u16, password: Option<&str>, command: &[&str]) -> io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut stream = BufReader::new(stream);
    if let Some(password) = password {
        send(&mut stream, &["AUTH", password])?;
        receive(&mut stream)?;
    }
    send(&mut stream, command)?;
    receive(&mut stream)
}

fn send(stream: &mut BufReader<TcpStream>, command: &[&str]) -> io::Result<()> {
    let mut text = format!("*{}\r\n", command.len());
    for argument in command {
        text.push_str(&format!("${}\r\n{argument}\r\n", argument.len()));
    }
    stream.get_mut().write_all(text.as_bytes())
}

fn receive(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let line = line.trim_end();
    match line.split_at_checked(1) {
        Some(("+" | ":", status)) => Ok(status.to_owned()),
        Some(("$", "-1")) => Ok(String::new()),
        Some(("$", length)) => {
            let length: usize = length.parse().map_err(io::Error::other)?;
            let mut bulk = vec![0; length + 2];
            stream.read_exact(&mut bulk)?;
            bulk.truncate(length);
            String::from_utf8(bulk).map_err(io::Error::other)
        }
        Some(("*", length)) => {
            let length: usize = length.parse().map_err(io::Error::other)?;
            let items = (0..length).map(|_| receive(stream)).collect::<io::Result<Vec<_>>>()?;
            Ok(items.join("\n"))
        }
        _ => Err(io::Error::other(format!("the server answered {line:?}"))),
    }
}
