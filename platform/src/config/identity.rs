//! How devices and browsers name this platform.

/// The names of this platform.
#[derive(clap::Args, Debug, Clone)]
#[command(next_help_heading = "Names of this platform")]
pub struct Identity {
    /// How the outside world reaches the API, as `https://madang.example.kr`
    #[arg(
        long,
        value_name = "URL",
        env = "MADANG_PUBLIC_URL",
        value_parser = public_url
    )]
    pub public_url: Option<String>,
    /// `aud` that devices put into their JWT
    #[arg(
        long,
        value_name = "NAME",
        env = "MADANG_AUDIENCE",
        default_value = "madang",
        value_parser = audience
    )]
    pub audience: String,
}

/// Without a slash at its end.
fn public_url(url: &str) -> Result<String, String> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(char::is_whitespace) => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        _ => Err(format!("{url:?} is no http:// or https:// address")),
    }
}

fn audience(name: &str) -> Result<String, String> {
    let printable = name.chars().all(|c| c.is_ascii_graphic());
    if name.is_empty() || name.len() > 64 || !printable {
        return Err("must be 1 to 64 printable characters".to_owned());
    }
    Ok(name.to_owned())
}
