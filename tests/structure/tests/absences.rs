//! Who never names whom: "Who never knows whom" of ARCHITECTURE.md, as far
//! as Cargo's metadata or a word in the sources shows it.

use structure::{Rooms, root, sources};

/// Rooms that lie in one of the folders, or are one of them.
fn lies_in(folder: &str, folders: &[&str]) -> bool {
    folders.iter().any(|parent| {
        let below = folder.strip_prefix(parent);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// What rooms may not depend on, themselves or through other rooms.
struct Absence {
    rooms: &'static [&'static str],
    except: &'static [&'static str],
    /// Folders of rooms; what lies below them counts too.
    never_rooms: &'static [&'static str],
    never_foreign: &'static [&'static str],
}

const ABSENCES: &[Absence] = &[
    // The broker knows neither the data plane nor the registry nor storage.
    Absence {
        rooms: &["broker"],
        except: &["broker/session-store"],
        never_rooms: &[
            "device-registry",
            "feed",
            "firmware-sim",
            "health",
            "ingest",
            "open-api",
            "platform",
            "sdk",
        ],
        never_foreign: &["arrow-array", "parquet", "rusqlite", "zstd"],
    },
    // What transports share has no I/O, and they do not know each other.
    Absence {
        rooms: &["broker/transport"],
        except: &[],
        never_rooms: &["supervisor"],
        never_foreign: &["mio", "rustls", "socket2", "tokio", "tracing"],
    },
    Absence {
        rooms: &["broker/coap"],
        except: &[],
        never_rooms: &["broker/mqtt", "broker/session-store"],
        never_foreign: &["httparse", "rustls", "tokio-rustls", "tungstenite"],
    },
    Absence {
        rooms: &["broker/mqtt"],
        except: &[],
        never_rooms: &["broker/coap", "broker/session-store"],
        never_foreign: &["coset", "ed25519-dalek"],
    },
    // The store of sessions is storage, and knows as little of the rest.
    Absence {
        rooms: &["broker/session-store"],
        except: &[],
        never_rooms: &[
            "broker/coap",
            "broker/mqtt",
            "feed",
            "ingest",
            "open-api",
            "platform",
            "sdk",
        ],
        never_foreign: &["arrow-array", "parquet"],
    },
    // The data plane knows no protocol.
    Absence {
        rooms: &["ingest"],
        except: &[],
        never_rooms: &["broker", "feed", "open-api/http-edge", "platform", "sdk"],
        never_foreign: &[
            "axum",
            "coap-lite",
            "coset",
            "hyper",
            "rumqttc",
            "rustls",
            "socket2",
            "tungstenite",
            "utoipa",
        ],
    },
    // The log knows nothing above it.
    Absence {
        rooms: &["ingest/files", "ingest/log"],
        except: &[],
        never_rooms: &["device-registry", "ingest/store", "open-api"],
        never_foreign: &["arrow-array", "parquet", "serde"],
    },
    // Nor does the store know devices or sequencing.
    Absence {
        rooms: &["ingest/store"],
        except: &[],
        never_rooms: &["device-registry", "open-api"],
        never_foreign: &["sha2"],
    },
    // What every HTTP API stands on knows no resource.
    Absence {
        rooms: &["open-api/http-edge", "open-api/text-formats"],
        except: &[],
        never_rooms: &[
            "broker",
            "device-registry",
            "feed",
            "ingest",
            "platform",
            "sdk",
        ],
        never_foreign: &["arrow-array", "parquet", "rusqlite"],
    },
    // A query language knows neither what it asks nor who asks.
    Absence {
        rooms: &["open-api/odata"],
        except: &[],
        never_rooms: &[
            "broker",
            "device-registry",
            "feed",
            "health",
            "ingest",
            "open-api/http-edge",
            "platform",
            "sdk",
            "supervisor",
        ],
        never_foreign: &[
            "axum", "hyper", "mio", "parquet", "rusqlite", "tokio", "tracing",
        ],
    },
    // A device's side works against any broker.
    Absence {
        rooms: &["sdk", "firmware-sim", "progress"],
        except: &[],
        never_rooms: &[
            "broker",
            "device-registry",
            "feed",
            "ingest",
            "open-api",
            "platform",
        ],
        never_foreign: &["rusqlite", "parquet"],
    },
    // The words have no I/O and no async runtime.
    Absence {
        rooms: &["domain"],
        except: &[],
        never_rooms: &["supervisor", "progress"],
        never_foreign: &[
            "mio", "rusqlite", "rustix", "libc", "socket2", "tokio", "tracing", "ureq",
        ],
    },
    // SQLite is the registry's and the sessions' alone.
    Absence {
        rooms: &[
            "domain",
            "feed",
            "ingest",
            "open-api/http-edge",
            "progress",
            "sdk",
            "supervisor",
        ],
        except: &[],
        never_rooms: &["broker", "platform"],
        never_foreign: &["libsqlite3-sys"],
    },
];

#[test]
fn nobody_depends_on_what_its_room_may_not_know() {
    let rooms = Rooms::read(&root()).unwrap();
    for absence in ABSENCES {
        let mut seen = 0;
        for (number, room) in rooms.all().iter().enumerate() {
            if !lies_in(&room.folder, absence.rooms) || lies_in(&room.folder, absence.except) {
                continue;
            }
            seen += 1;
            for reached in rooms.reached_from(number) {
                let reached = &rooms.all()[reached];
                assert!(
                    !lies_in(&reached.folder, absence.never_rooms),
                    "{} depends on {}",
                    room.folder,
                    reached.folder
                );
                for never in absence.never_foreign {
                    assert!(
                        !reached.foreign.contains(*never),
                        "{} depends on {never}, by {}",
                        room.folder,
                        reached.folder
                    );
                }
            }
        }
        assert!(seen > 0, "no room lies in {:?}", absence.rooms);
    }
}

/// Who may depend on a room or a crate directly: nobody else does.
const ONLY: &[(&str, &[&str])] = &[
    ("platform", &["tests"]),
    ("open-api", &["platform"]),
    ("feed", &["platform"]),
    ("health", &["open-api", "platform"]),
    (
        "rusqlite",
        &[
            "broker/session-store",
            "device-registry",
            "device-registry/sqlite-file",
        ],
    ),
    ("parquet", &["ingest", "tests"]),
    ("utoipa", &["open-api"]),
    ("tests", &[]),
    ("madang-fuzz", &[]),
    ("structure", &[]),
];

#[test]
fn nobody_else_depends_on_what_few_may_know() {
    let rooms = Rooms::read(&root()).unwrap();
    for (what, by) in ONLY {
        for room in rooms.all() {
            let depends = room.knows.contains_key(*what) || room.foreign.contains(*what);
            assert!(
                !depends || lies_in(&room.folder, by),
                "{} knows {what}",
                room.folder
            );
        }
    }
}

#[test]
fn the_end_to_end_tests_use_public_interfaces() {
    let rooms = Rooms::read(&root()).unwrap();
    let tests = rooms.all().iter().find(|room| room.folder == "tests");
    for &known in tests.unwrap().knows.values() {
        let known = &rooms.all()[known].folder;
        let inner = lies_in(known, &["broker", "feed", "open-api"]);
        assert!(!inner, "tests depends on {known}");
    }
}

/// Words that may not stand in the code of a folder, in any case of letters.
struct Unnamed {
    folder: &'static str,
    /// Part of the path of each file that is meant.
    files: &'static str,
    words: &'static [&'static str],
}

const UNNAMED: &[Unnamed] = &[
    Unnamed {
        folder: "ingest",
        files: "",
        words: &["mqtt", "coap", "http", "websocket"],
    },
    Unnamed {
        folder: "open-api/http-edge",
        files: "",
        words: &["datastream", "observation", "agency"],
    },
    Unnamed {
        folder: "domain",
        files: "",
        words: &[
            "std::fs",
            "std::net",
            "std::thread",
            "systemtime",
            "instant",
            "::now(",
            "async ",
        ],
    },
    // What connections share lies below them, and below the worker's loops.
    Unnamed {
        folder: "broker/mqtt",
        files: "/context/",
        words: &["crate::connection", "crate::worker"],
    },
    Unnamed {
        folder: "broker/mqtt",
        files: "/listener/",
        words: &["crate::connection", "crate::worker", "crate::context"],
    },
    Unnamed {
        folder: "broker/mqtt",
        files: "/connection/",
        words: &["crate::worker"],
    },
    // The core of a session has no socket and no clock.
    Unnamed {
        folder: "broker",
        files: "/session/",
        words: &[
            "std::net",
            "tokio",
            "socket",
            "systemtime",
            "instant::now",
            "async ",
        ],
    },
];

#[test]
fn no_code_names_what_its_room_may_not_know() {
    for unnamed in UNNAMED {
        let sources = sources(&root(), unnamed.folder).unwrap();
        let meant = |path: &str| path.contains(unnamed.files);
        let sources: Vec<_> = sources
            .iter()
            .filter(|source| meant(&source.path))
            .collect();
        assert!(
            !sources.is_empty(),
            "{}{} has no code",
            unnamed.folder,
            unnamed.files
        );
        for source in sources {
            for (number, line) in source.code.lines().enumerate() {
                let lower = line.to_lowercase();
                for word in unnamed.words {
                    let place = format!("{}:{}", source.path, number + 1);
                    assert!(!lower.contains(word), "{place} names {word}: {line}");
                }
            }
        }
    }
}
