//! What the demo prints once it is up.

use std::path::Path;

use super::Doors;
use super::population::Population;

pub(super) fn print(doors: &Doors, population: &Population, data: &Path) {
    let host = match doors.shown {
        std::net::IpAddr::V4(v4) => v4.to_string(),
        std::net::IpAddr::V6(v6) => format!("[{v6}]"),
    };
    let web = format!("http://{host}:{}", doors.http.port());
    let (operator, key) = (&population.operator, &population.key);
    println!(
        "
Madang is up: {count} simulated sensors of two agencies publish over MQTT and CoAP.
마당이 실행되었습니다: 두 기관의 가상 센서 {count}대가 MQTT와 CoAP으로 관측값을 보냅니다.

  Dashboard      {web}/ops#token={operator}
  Operator       {operator}
  Developers     {web}/
  API key        {key}

  The latest values, the live stream, and MQTT:

  curl -s -H 'X-API-Key: {key}' '{web}/v1/latest?domain=traffic&limit=3'
  curl -sN -H 'X-API-Key: {key}' '{web}/v1/stream?domain=disaster'
  mosquitto_sub -h {host} -p {mqtt} -u demo -P '{key}' -t 'open/#' -v

Ctrl-C stops it; its data stays in {data}.
",
        count = population.devices.len(),
        host = host.trim_matches(['[', ']']),
        mqtt = doors.mqtt.port(),
        data = data.display(),
    );
}
