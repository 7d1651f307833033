//! Who leads on a disk that lags, and for how long a worker may.

use super::*;

const START: Duration = Duration::from_secs(1_000);

#[test]
fn a_disk_that_lags_is_left_to_the_thread_until_it_is_quick_again() {
    let leading = Leading::new(true, Policy::Inline);
    let took = |time| leading.took(time, START + START);
    took(LAGGING);
    assert_eq!(leading.policy(), Policy::Inline);
    leading.took(LAGGING * 2, START);
    assert_eq!(leading.policy(), Policy::Thread);
    for _ in 0..10 * QUICK_GROUPS {
        took(SLOW_SYNC);
        took(SLOW_SYNC * 2);
    }
    assert_eq!(leading.policy(), Policy::Thread, "half of them are slow");
    (1..QUICK_GROUPS).for_each(|_| took(SLOW_SYNC));
    leading.lags(LAGGING, START);
    (1..QUICK_GROUPS).for_each(|_| took(SLOW_SYNC));
    assert_eq!(leading.policy(), Policy::Thread, "it lagged between");
    took(SLOW_SYNC);
    assert_eq!(leading.policy(), Policy::Inline);
}

/// Otherwise a disk that goes to and fro would hold up a worker each time.
#[test]
fn a_worker_stands_still_for_a_hundredth_of_the_time_at_most() {
    let stall = Duration::from_secs(2);
    let leading = Leading::new(true, Policy::Inline);
    let (mut now, mut stalls) = (START, 0);
    // Two seconds for one sync, then many quick ones, for an hour.
    while now < START + Duration::from_secs(3_600) {
        stalls += u32::from(leading.policy() == Policy::Inline);
        now += stall;
        leading.took(stall, now);
        let quick_until = now + Duration::from_secs(30);
        while now < quick_until {
            now += SLOW_SYNC;
            leading.took(SLOW_SYNC, now);
        }
    }
    assert_eq!(stalls, 1, "it was never quick for long enough");
    // Then it is left alone.
    let well_again = now + stall * SECONDS_FOR_ONE;
    while leading.policy() == Policy::Thread {
        now += SLOW_SYNC;
        leading.took(SLOW_SYNC, now);
    }
    assert!(now < well_again);
}
