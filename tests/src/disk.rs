//! File systems of a test's own: one that is small, and one whose power can be
//! cut. Both need root; where that is missing, it says so loudly, and in CI it
//! is a failure.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::peers::look_for;

/// Of the loop file; sparse, so that it takes only what is written.
const LOOP_BYTES: u64 = 512 << 20;
/// `EXT4_IOC_SHUTDOWN`, and its flag that leaves the journal as it is: what was
/// not synced is gone.
const EXT4_IOC_SHUTDOWN: libc::c_ulong = 0x8004_587d;
const NO_LOG_FLUSH: u32 = 2;

/// A tmpfs, unmounted at the end.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `size` as `mount` takes it.
    pub fn mount(at: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let option = format!("size={size}");
        let words = ["-t", "tmpfs", "-o", &option, "tmpfs"];
        if !mount(&words.map(OsStr::new), at) {
            absent("no right to mount a tmpfs");
            return None;
        }
        Some(Self(at.to_owned()))
    }

    /// Somebody has made room.
    pub fn grow(&self, size: &str) {
        let option = format!("remount,size={size}");
        assert!(mount(&[OsStr::new("-o"), OsStr::new(&option)], &self.0));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(&self.0);
    }
}

/// An ext4 in a file.
pub struct LoopDisk {
    image: PathBuf,
    mounted: PathBuf,
}

impl LoopDisk {
    /// Makes and mounts it below `folder`.
    pub fn make(folder: &Path) -> Option<Self> {
        let mkfs = look_for("mkfs.ext4")?;
        let disk = Self {
            image: folder.join("image"),
            mounted: folder.join("mounted"),
        };
        fs::create_dir_all(&disk.mounted).unwrap();
        let file = File::create(&disk.image).unwrap();
        file.set_len(LOOP_BYTES).unwrap();
        let made = Command::new(mkfs).arg("-q").arg(&disk.image).status();
        assert!(made.unwrap().success(), "mkfs.ext4");
        if !disk.try_mount() {
            // A kernel may forbid loop devices, and no test can change that.
            if fs::metadata("/dev/loop-control").is_ok() {
                absent("no right to mount a loop file");
            } else {
                eprintln!("\n*** NOT TESTED: this kernel has no loop devices ***\n");
            }
            return None;
        }
        Some(disk)
    }

    pub fn path(&self) -> &Path {
        &self.mounted
    }

    fn try_mount(&self) -> bool {
        let words = [OsStr::new("-o"), OsStr::new("loop"), self.image.as_os_str()];
        mount(&words, &self.mounted)
    }

    /// The power goes: nothing more reaches the file, and nothing can be
    /// written any more.
    pub fn cut_power(&self) {
        let root = File::open(&self.mounted).unwrap();
        let flags = NO_LOG_FLUSH;
        #[expect(unsafe_code, reason = "there is no other call for it")]
        // SAFETY: the request takes a pointer to a u32 that outlives the call.
        let cut =
            unsafe { libc::ioctl(root.as_raw_fd(), EXT4_IOC_SHUTDOWN as _, &raw const flags) };
        assert_eq!(cut, 0, "{}", std::io::Error::last_os_error());
    }

    /// The power is back: what the file holds is mounted, as after a crash.
    /// Nobody may have it open.
    pub fn restore_power(&self) {
        let unmounted = Command::new("umount").arg(&self.mounted).status();
        assert!(unmounted.unwrap().success(), "umount");
        assert!(self.try_mount(), "it can be mounted again");
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        unmount(&self.mounted);
    }
}

fn mount(words: &[&OsStr], at: &Path) -> bool {
    let mounted = Command::new("mount").args(words).arg(at).status();
    mounted.is_ok_and(|status| status.success())
}

fn unmount(at: &Path) {
    // Lazily, whoever still stands in it.
    let _ = Command::new("umount").arg("-l").arg(at).status();
}

fn absent(what: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "{what}, and CI must have it"
    );
    eprintln!("\n*** NOT TESTED: {what} ***\n");
}
