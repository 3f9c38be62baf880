import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketWords, tickLabel, timeTicks } from "../src/charts/ticks";
import { isZone, msToZoned, offsetMs, zonedToMs } from "../src/zones";

const utc = (text: string): number => Date.parse(`${text}Z`);
const HOUR = 3_600_000;

test("a wall clock's time becomes UTC and comes back", () => {
  for (const zone of ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"]) {
    for (const at of [utc("2026-01-15T12:00:00"), utc("2026-07-15T23:59:59")]) {
      assert.equal(zonedToMs(msToZoned(at, zone), zone), at, `${zone} ${at}`);
    }
  }
});

test("the two sides of a clock change have their own offset", () => {
  assert.equal(offsetMs(utc("2026-03-29T00:59:59"), "Europe/Berlin"), HOUR);
  assert.equal(offsetMs(utc("2026-03-29T01:00:00"), "Europe/Berlin"), 2 * HOUR);
  assert.equal(zonedToMs("2026-03-29T12:00", "Europe/Berlin"), utc("2026-03-29T10:00:00"));
});

test("a name that is no zone is known as such", () => {
  assert.equal(isZone("Europe/Berlin"), true);
  assert.equal(isZone("Mars/Olympus"), false);
  assert.equal(isZone(""), false);
});

test("ticks over days stand at the zone's midnights, also across a clock change", () => {
  const ticks = timeTicks(utc("2026-03-27T00:00:00"), utc("2026-04-01T00:00:00"), 8, "Europe/Berlin");
  assert.deepEqual(
    ticks.map((at) => tickLabel(at, "Europe/Berlin")),
    ["28 Mar", "29 Mar", "30 Mar", "31 Mar", "1 Apr"],
  );
});

test("ticks inside a day are even hours of a zone with a half-hour offset", () => {
  const ticks = timeTicks(utc("2026-11-20T00:00:00"), utc("2026-11-20T12:00:00"), 6, "Asia/Kolkata");
  assert.deepEqual(
    ticks.map((at) => tickLabel(at, "Asia/Kolkata")),
    ["06:00", "08:00", "10:00", "12:00", "14:00", "16:00"],
  );
});

test("there are never more ticks than asked for by much, and never none", () => {
  for (const spanHours of [0.1, 1, 5, 24, 24 * 7, 24 * 90]) {
    const from = utc("2026-11-01T03:17:00");
    const ticks = timeTicks(from, from + spanHours * HOUR, 8, "America/New_York");
    assert.ok(ticks.length >= 1 && ticks.length <= 9, `${spanHours} h: ${ticks.length}`);
  }
});

test("a bucket says its start and end once", () => {
  const at = utc("2026-11-20T14:00:00");
  assert.equal(bucketWords(at, 3600, "UTC"), "20 Nov 2026, 14:00 to 15:00");
  assert.equal(bucketWords(utc("2026-11-20T23:00:00"), 3600, "UTC"), "20 Nov 2026, 23:00 to 00:00");
  assert.equal(bucketWords(utc("2026-11-20T00:00:00"), 86_400, "UTC"), "20 Nov 2026");
  assert.equal(bucketWords(utc("2026-11-20T22:00:00"), 6 * 3600, "UTC"), "20 Nov 2026, 22:00 to 21 Nov, 04:00");
});
