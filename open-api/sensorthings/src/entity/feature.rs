//! FeaturesOfInterest: what an observation is about.
//!
//! The place that the observation itself brought; or else a feature that somebody
//! registered for the datastream or its thing; or else where the thing stood then.
//! A place that an observation brought is a feature of its own: its id names the
//! observation, so that it is found without a search and none can be made up.

use device_registry::{Datastream, FeatureGeometry, Thing};
use domain::{DatastreamId, FeatureId, Location, Timestamp};
use geo_types::{Coord, Geometry, LineString, Point, Polygon};
use odata::{Value, Version};
use serde_json::json;

use super::{Observed, Stay, observation_place, thing::place_properties};
use crate::error::Error;
use crate::values::{geojson_type, json, point, text};
use crate::world::World;

/// Before the id of a registered feature.
const REGISTERED: &str = "feature:";

#[derive(Clone, Copy)]
pub(crate) enum Feature<'a> {
    Registered(&'a device_registry::Feature),
    /// Where a thing stood.
    Stay(Stay<'a>),
    /// Where a thing was, as its device said with an observation.
    Spot(Spot<'a>),
    /// Of a thing whose place is not known.
    Nowhere(&'a Thing),
}

/// The place that an observation brought.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) thing: &'a Thing,
    /// As it is seen.
    place: Location,
    /// The observation's id, and where it is.
    observation: u64,
    pub(crate) datastream: DatastreamId,
    pub(crate) time: Timestamp,
}

impl<'a> Spot<'a> {
    fn of(world: &World<'a>, observed: &Observed<'a>) -> Option<Self> {
        Some(Self {
            thing: observed.thing?,
            place: observation_place(world, observed)?,
            observation: observed.id(),
            datastream: observed.datastream.id,
            time: observed.stored.time,
        })
    }
}

impl<'a> Feature<'a> {
    /// What an observation is about.
    pub(crate) fn of(world: &World<'a>, observed: &Observed<'a>) -> Option<Self> {
        let thing = observed.thing?;
        if let Some(spot) = Spot::of(world, observed) {
            return Some(Self::Spot(spot));
        }
        if let Some(feature) = Self::registered(world, observed.datastream).next() {
            return Some(feature);
        }
        if let Some(stay) = world.stay_at(thing, observed.stored.time) {
            return Some(Self::Stay(stay));
        }
        // In 2.0 it need not be about a feature.
        (world.version == Version::V1_1).then_some(Self::Nowhere(thing))
    }

    /// The features that were registered for the datastream, in order of id.
    pub(crate) fn registered(
        world: &World<'a>,
        datastream: Datastream<'a>,
    ) -> impl Iterator<Item = Self> + use<'a> {
        let features = world.snapshot.observed_by(&datastream).into_iter();
        features.map(|feature| Self::Registered(feature))
    }

    /// What is nearest to what the datastream observes now.
    pub(crate) fn proximate(world: &World<'a>, datastream: Datastream<'a>) -> Option<Self> {
        let stay = || world.stay_now(world.thing_of(datastream)?);
        let registered = Self::registered(world, datastream).next();
        registered.or_else(|| stay().map(Self::Stay))
    }

    /// Those of a thing and its places, oldest first.
    pub(crate) fn of_thing(world: &World<'a>, thing: &'a Thing) -> Vec<Self> {
        let stays = world.stays(thing).into_iter();
        let mut features: Vec<Self> = stays.map(Self::Stay).collect();
        // In 2.0 an observation need not be about a feature.
        if world.version == Version::V1_1 && is_nowhere_at_times(thing) {
            features.push(Self::Nowhere(thing));
        }
        features
    }

    pub(super) fn find(world: &World<'a>, id: &str) -> Result<Option<Self>, Error> {
        if let Some((thing, observation)) = id.split_once('@')
            && let Ok(observation) = observation.parse()
        {
            let observed = Observed::find(world, observation)?;
            let spot = observed.and_then(|observed| Spot::of(world, &observed));
            let spot = spot.filter(|spot| spot.thing.id.as_str() == thing);
            return Ok(spot.map(Self::Spot).filter(|found| found.id() == id));
        }
        if let Some(id) = id.strip_prefix(REGISTERED) {
            return Ok(Self::find_registered(world, id));
        }
        let thing = Self::thing_named(id).and_then(|thing| world.thing(thing));
        let features = thing.map(|thing| Self::of_thing(world, thing));
        let mut features = features.into_iter().flatten();
        Ok(features.find(|feature| feature.id() == id))
    }

    fn find_registered(world: &World<'a>, id: &str) -> Option<Self> {
        let feature = world.snapshot.feature(&FeatureId::new(id).ok()?)?;
        let is_seen = world.scope.sees_feature(world.snapshot, feature);
        is_seen.then_some(Self::Registered(feature))
    }

    /// The id of the thing that is in the id of what is no registered one.
    pub(crate) fn thing_named(id: &str) -> Option<&str> {
        id.rsplit_once([':', '@']).map(|(thing, _)| thing)
    }

    /// Whether it is the id of a registered one.
    pub(crate) fn is_registered(id: &str) -> bool {
        id.starts_with(REGISTERED)
    }

    pub(crate) fn id(&self) -> String {
        match self {
            Self::Registered(feature) => format!("{REGISTERED}{}", feature.id.as_str()),
            Self::Stay(stay) => stay.id(),
            Self::Spot(spot) => format!("{}@{}", spot.thing.id.as_str(), spot.observation),
            Self::Nowhere(thing) => format!("{}@", thing.id.as_str()),
        }
    }

    pub(super) fn value(&self, world: &World<'a>, attribute: &str) -> Value<'a> {
        match (attribute, self) {
            ("name", Self::Registered(feature)) => text(&feature.title_en),
            ("description", Self::Registered(feature)) if feature.description.is_empty() => {
                text(&feature.title_en)
            }
            ("description", Self::Registered(feature)) => text(&feature.description),
            ("properties", Self::Registered(feature)) => json(json!({
                "agency": feature.agency.as_str(),
                "kind": feature.kind,
                "title_ko": feature.title_ko,
            })),
            ("feature", Self::Registered(feature)) => {
                let exactly = world.scope.owns(&feature.agency);
                Value::Geometry(std::borrow::Cow::Owned(if exactly {
                    geometry(&feature.geometry)
                } else {
                    geometry(&feature.geometry.coarse())
                }))
            }
            ("name" | "description", other) => {
                text(other.thing().map_or("", |thing| world.name_of(thing)))
            }
            ("encodingType", _) => geojson_type(),
            ("feature", Self::Stay(stay)) => point(stay.place),
            ("feature", Self::Spot(spot)) => point(spot.place),
            ("properties", Self::Stay(stay)) => json(place_properties(stay)),
            _ => Value::Null,
        }
    }

    /// Of a place, the thing that stood there.
    pub(crate) fn thing(&self) -> Option<&'a Thing> {
        match self {
            Self::Registered(_) => None,
            Self::Stay(stay) => Some(stay.thing),
            Self::Spot(spot) => Some(spot.thing),
            Self::Nowhere(thing) => Some(thing),
        }
    }
}

/// Whether there is a time for which nobody has told where the thing was.
fn is_nowhere_at_times(thing: &Thing) -> bool {
    let first = thing.locations.first();
    first.is_none_or(|first| first.since != Timestamp::MIN)
        || thing.locations.iter().any(|one| one.location.is_none())
}

fn geometry(feature: &FeatureGeometry) -> Geometry<f64> {
    let coord = |place: &Location| Coord {
        x: place.lon(),
        y: place.lat(),
    };
    let line = |places: &Vec<Location>| LineString::new(places.iter().map(coord).collect());
    match feature {
        FeatureGeometry::Point(place) => Geometry::Point(Point::from(coord(place))),
        FeatureGeometry::Line(places) => Geometry::LineString(line(places)),
        FeatureGeometry::Area(rings) => {
            // A polygon of this type closes its rings by itself.
            let mut rings = rings.iter().map(line);
            let outline = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
            Geometry::Polygon(Polygon::new(outline, rings.collect()))
        }
    }
}
