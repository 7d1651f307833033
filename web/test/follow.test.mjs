import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { Follower, pause } = await load("follow.ts");

class FakeSource {
  readyState = 0;
  named = {};
  constructor(url) {
    this.url = url;
  }
  addEventListener(type, listener) {
    this.named[type] = listener;
  }
  close() {
    this.readyState = 2;
  }
  opens() {
    this.readyState = 1;
    this.onopen();
  }
  frame(offset) {
    this.onmessage({ data: JSON.stringify({ offset, observations: [] }) });
  }
  breaks(readyState) {
    this.readyState = readyState;
    this.onerror();
  }
}

function follower(from, filter = "") {
  const seen = { sources: [], frames: [], gaps: [], states: [], later: [], lost: 0 };
  const one = new Follower({
    filter,
    from,
    open: (url) => {
      seen.sources.push(new FakeSource(url));
      return seen.sources.at(-1);
    },
    later: (run, milliseconds) => seen.later.push({ run, milliseconds }),
    onFrame: (frame) => seen.frames.push(frame.offset),
    onGap: (gap) => seen.gaps.push(gap),
    onLost: () => (seen.lost += 1),
    onState: (state, next) => seen.states.push([state, next]),
  });
  return { one, seen };
}

test("it starts where the first picture ended", () => {
  assert.equal(follower(41).seen.sources[0].url, "/v1/stream?from_offset=41");
  assert.equal(follower(null).seen.sources[0].url, "/v1/stream");
  assert.equal(follower(7, "domain=traffic").seen.sources[0].url, "/v1/stream?domain=traffic&from_offset=7");
});

test("after a lasting fault a new source goes on at the next offset", () => {
  const { seen } = follower(10);
  seen.sources[0].opens();
  seen.sources[0].frame(10);
  seen.sources[0].frame(14);
  seen.sources[0].breaks(2);
  assert.deepEqual(seen.states.at(-1), ["reconnecting", 15]);
  seen.later[0].run();
  assert.equal(seen.sources[1].url, "/v1/stream?from_offset=15");
  seen.sources[1].opens();
  assert.deepEqual(seen.states.at(-1), ["connected", 15]);
});

test("while the browser reconnects by itself no second source is opened", () => {
  const { seen } = follower(null);
  seen.sources[0].opens();
  seen.sources[0].breaks(0);
  assert.equal(seen.sources.length, 1);
  assert.equal(seen.later.length, 0);
  assert.equal(seen.states.at(-1)[0], "reconnecting");
});

test("a frame that is sent again is passed on once", () => {
  const { seen } = follower(null);
  for (const offset of [5, 6, 6, 5, 7]) seen.sources[0].frame(offset);
  assert.deepEqual(seen.frames, [5, 6, 7]);
});

test("a gap is told, and the stream goes on after it", () => {
  const { seen } = follower(3);
  seen.sources[0].named.gap({ data: JSON.stringify({ from_offset: 3, to_offset: 90, fill: "/v1/x" }) });
  assert.equal(seen.gaps[0].to_offset, 90);
  seen.sources[0].breaks(2);
  seen.later[0].run();
  assert.equal(seen.sources[1].url, "/v1/stream?from_offset=90");
});

test("several failures in a row mean disconnected, with growing pauses", () => {
  const { seen } = follower(null);
  for (let i = 0; i < 4; i++) {
    seen.sources.at(-1).breaks(2);
    seen.later.at(-1).run();
  }
  assert.equal(seen.states.at(-1)[0], "disconnected");
  assert.deepEqual(seen.later.map((one) => one.milliseconds), [1000, 2000, 4000, 8000]);
  assert.equal(pause(50), 20_000);
});

test("once stopped it opens nothing more", () => {
  const { one, seen } = follower(null);
  seen.sources[0].breaks(2);
  one.stop();
  seen.later[0].run();
  assert.equal(seen.sources.length, 1);
});

test("a position that the platform refuses is given up, and that is told", () => {
  const { seen } = follower(900);
  for (let i = 0; i < 6; i++) {
    assert.equal(seen.sources.at(-1).url, "/v1/stream?from_offset=900");
    seen.sources.at(-1).breaks(2);
    seen.later.at(-1).run();
  }
  assert.equal(seen.sources.at(-1).url, "/v1/stream");
  assert.equal(seen.lost, 0);
  seen.sources.at(-1).opens();
  assert.equal(seen.lost, 1);
  seen.sources.at(-1).frame(3);
  assert.deepEqual(seen.frames, [3]);
});
