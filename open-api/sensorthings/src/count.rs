//! How many observations there are, told without reading them where the indexes
//! know it.

use domain::{DatastreamId, Timestamp};

use crate::error::Error;
use crate::set::Observations;
use crate::world::World;

pub(crate) fn observations(
    world: &World<'_>,
    observations: &Observations<'_>,
) -> Result<u64, Error> {
    let Observations { from, to, .. } = *observations;
    if from >= to {
        return Ok(0);
    }
    let all;
    let datastreams: &[DatastreamId] = match &observations.datastreams {
        Some(some) => some,
        None => {
            all = world.all_datastreams()?;
            &all
        }
    };
    if (from, to) == (Timestamp::MIN, Timestamp::MAX) {
        return Ok(world.ingest.count_all(datastreams)?.into_iter().sum());
    }
    let mut count = 0;
    for datastream in datastreams {
        count += world.ingest.count(*datastream, from, to)?;
    }
    Ok(count)
}
