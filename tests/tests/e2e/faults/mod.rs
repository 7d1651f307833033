//! Kills, power cuts, disks and clocks that fail.

mod clock;
mod crash;
mod exact_faults;
mod injected;
mod power_cut;
mod registry_crash;
mod slow_disk;
