//! ObservedProperties: the fields of data models, and what devices send beyond
//! them.

use std::ops::ControlFlow;

use device_registry::{Datastream, Field};
use domain::ModelId;
use odata::Value;
use serde_json::json;

use crate::Error;
use crate::values::{json, owned, text};
use crate::world::World;

/// A field of a model.
#[derive(Clone, Copy)]
pub(crate) struct ObservedProperty<'a> {
    pub(crate) model: &'a ModelId,
    pub(crate) field: &'a str,
    /// `None`: the model does not know it.
    pub(crate) definition: Option<&'a Field>,
}

impl<'a> ObservedProperty<'a> {
    /// What a datastream observes.
    pub(crate) fn of(datastream: Datastream<'a>) -> Self {
        Self {
            model: datastream.model,
            field: datastream.field.as_str(),
            definition: datastream.definition.map(AsRef::as_ref),
        }
    }

    pub(crate) fn id(&self) -> String {
        format!("{}:{}", self.model.as_str(), self.field)
    }

    pub(super) fn find(world: &World<'a>, id: &str) -> Result<Option<Self>, Error> {
        let Some((model, field)) = id.rsplit_once(':') else {
            return Ok(None);
        };
        let Ok(model) = ModelId::new(model) else {
            return Ok(None);
        };
        if let Some(known) = world.snapshot.model(&model)
            && let Some(definition) = known.field(field)
        {
            return Ok(Some(Self {
                model: &known.id,
                field: definition.name.as_str(),
                definition: Some(definition),
            }));
        }
        let mut found = None;
        world.each_datastream(None, |datastream| {
            let is_it = *datastream.model == model && datastream.field.as_str() == field;
            found = is_it.then(|| Self::of(datastream));
            Ok(if is_it {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        Ok(found)
    }

    pub(crate) fn is_of(&self, datastream: Datastream<'_>) -> bool {
        datastream.model == self.model && datastream.field.as_str() == self.field
    }

    pub(super) fn value(&self, world: &World<'a>, attribute: &str) -> Value<'a> {
        match attribute {
            "name" => text(self.definition.map_or(self.field, |field| &field.title_en)),
            "description" => text(self.definition.map_or(self.field, |field| &field.title_ko)),
            "definition" => owned(definition(world, self.model, self.field)),
            "properties" => json(json!({
                "model": self.model.as_str(),
                "field": self.field,
                "unit": self.definition.and_then(|field| field.unit.as_deref()),
            })),
            _ => Value::Null,
        }
    }
}

/// Where the field is described.
pub(super) fn definition(world: &World<'_>, model: &ModelId, field: &str) -> String {
    format!("{}/v1/models/{}#{field}", world.platform, model.as_str())
}
