//! Serves made-up prices over HTTP: `GET /price/BTCUSDT`, `GET /health`.
use std::collections::hash_map::DefaultHasher;
use std::env;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ADDRESS: &str = "0.0.0.0:8081";
const LONGEST_REQUEST: u64 = 8192;

fn price(symbol: &str) -> f64 {
    let minute = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs() / 60);
    let mut hasher = DefaultHasher::new();
    (symbol, minute).hash(&mut hasher);
    1000.0 + (hasher.finish() % 1_000_000) as f64 / 100.0
}

fn answer(path: &str) -> (u16, String) {
    match path.strip_prefix("/price/") {
        Some(symbol) if !symbol.is_empty() && symbol.bytes().all(|b| b.is_ascii_uppercase()) => {
            (200, format!("{{\"symbol\":\"{symbol}\",\"price\":{:.2}}}\n", price(symbol)))
        }
        _ if path == "/health" => (200, "{\"status\":\"healthy\"}\n".to_string()),
        _ => (404, "{\"error\":\"not found\"}\n".to_string()),
    }
}

fn serve(stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(stream.try_clone()?).take(LONGEST_REQUEST);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let (status, body) = answer(line.split_whitespace().nth(1).unwrap_or("/"));
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn probe() -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect("127.0.0.1:8081")?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    ask().map_or(false, |text| text.contains("healthy"))
}

fn main() -> ExitCode {
    match env::args().nth(1).as_deref() {
        Some("--version") => println!("binance-provider 0.2.0"),
        Some("--probe") => return if probe() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        Some(other) => {
            eprintln!("binance-provider: unknown argument '{other}'");
            return ExitCode::from(2);
        }
        None => {
            let listener = match TcpListener::bind(ADDRESS) {
                Ok(listener) => listener,
                Err(e) => {
                    eprintln!("binance-provider: {ADDRESS}: {e}");
                    return ExitCode::FAILURE;
                }
            };
            println!("binance-provider listens on {ADDRESS}");
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || serve(stream));
            }
        }
    }
    ExitCode::SUCCESS
}
