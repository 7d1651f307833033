//! Devices and what becomes of them.

mod connection;
mod device;
mod event;
mod new_key;
mod photo;
mod quarantine;
mod sensor;

pub(crate) use connection::{
    ConnectionView, DeviceConnectionView, GatewayConnectionView, Surroundings, is_disconnect,
    is_error,
};
pub(crate) use device::{CredentialView, DeviceView, MadePasswordView, PublicKeyView, status};
pub(crate) use event::EventView;
pub(crate) use new_key::{NewKeyView, NewPublicKey};
pub(crate) use photo::PhotoView;
pub(crate) use quarantine::QuarantinedView;
pub(crate) use sensor::{CalibrationView, SensorView};
