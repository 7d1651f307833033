//! What the demo prints once it is up.

use std::path::Path;

use super::Endpoints;
use super::population::Population;

/// `moved`: listeners whose usual port is taken, that port, and theirs.
pub(super) fn print(
    endpoints: &Endpoints,
    population: &Population,
    data: &Path,
    moved: &[(&str, u16, u16)],
) {
    let host = match endpoints.shown {
        std::net::IpAddr::V4(v4) => v4.to_string(),
        std::net::IpAddr::V6(v6) => format!("[{v6}]"),
    };
    let web = format!("http://{host}:{}", endpoints.http.port());
    let (operator, key) = (&population.operator, &population.key);
    let days = population.days;
    println!(
        "
SIMULATED · 모의: an invented city, invented agencies, invented values.
Madang is up: {count} simulated sensors of two agencies publish over MQTT and CoAP{past}.
마당이 실행되었습니다: 가상의 도시에서 두 기관의 가상 센서 {count}대가 관측값을 보냅니다.

  Dashboard      {web}/ops#token={operator}
  Operator       {operator}
  Developers     {web}/
  API key        {key}

  The latest values, a day of one district, the live stream, and MQTT:

  curl -s -H 'X-API-Key: {key}' '{web}/v1/latest?domain=traffic&limit=3'
  curl -s -H 'X-API-Key: {key}' '{web}/v1/aggregate?field=pm25&boundary=mulbit&bucket=1h&fn=avg,max&tz=Asia/Seoul'
  curl -sN -H 'X-API-Key: {key}' '{web}/v1/stream?domain=disaster'
  mosquitto_sub -h {host} -p {mqtt} -u demo -P '{key}' -t 'open/#' -v
",
        count = population.devices.len(),
        past = if days > 0 {
            format!(", and {days} days of their past are there")
        } else {
            String::new()
        },
        host = host.trim_matches(['[', ']']),
        mqtt = endpoints.mqtt.port(),
    );
    for (name, usual, port) in moved {
        println!(
            "  {name}: port {usual} is taken, so it listens on {port}; choose one with --{name} ADDR:PORT"
        );
    }
    println!(
        "Ctrl-C stops it; its data stays in {data}.
",
        data = data.display()
    );
}
