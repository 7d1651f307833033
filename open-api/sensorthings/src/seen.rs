//! An entity as expressions see it: what its reader may see.

use std::ops::ControlFlow;

use odata::{Attribute, Kind, Relation, Row, RowError, Value};

use crate::entity::Entity;
use crate::page;
use crate::set::{Related, related};
use crate::world::World;

pub(crate) struct Seen<'w, 'a> {
    pub(crate) world: &'w World<'a>,
    pub(crate) entity: Entity<'a>,
}

impl Row for Seen<'_, '_> {
    fn value(&self, attribute: &'static Attribute) -> Result<Value<'_>, RowError> {
        if attribute.kind == Kind::Id {
            return Ok(self.entity.id().as_value().into_owned());
        }
        Ok(self.entity.value(self.world, attribute))
    }

    fn one(&self, relation: &'static Relation) -> Result<Option<Box<dyn Row + '_>>, RowError> {
        self.world.look_at(1)?;
        let Related::One(Some(entity)) = related(self.world, &self.entity, relation) else {
            return Ok(None);
        };
        Ok(Some(Box::new(Seen {
            world: self.world,
            entity,
        })))
    }

    fn each(
        &self,
        relation: &'static Relation,
        visit: &mut dyn FnMut(&dyn Row) -> Result<ControlFlow<()>, RowError>,
    ) -> Result<(), RowError> {
        let Related::Many(set) = related(self.world, &self.entity, relation) else {
            return Ok(());
        };
        let mut told = Ok(());
        page::each(self.world, &set, &mut |entity| {
            let row = Seen {
                world: self.world,
                entity,
            };
            match visit(&row) {
                Ok(flow) => Ok(flow),
                Err(error) => {
                    told = Err(error);
                    Ok(ControlFlow::Break(()))
                }
            }
        })?;
        told
    }
}
