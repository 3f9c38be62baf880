import assert from "node:assert/strict";
import { test } from "node:test";
import { absoluteTime, exactCount, humaniseCount, humaniseMs, percent, relativeTime } from "../src/format";
import cases from "./format_cases.json";

const NOW = 1_795_183_331_000;
type Case = [number | null, string];

for (const [name, format, given] of [
  ["counts", humaniseCount, cases.count],
  ["exact counts", exactCount, cases.exact],
  ["durations", humaniseMs, cases.ms],
  ["percentages", percent, cases.percent],
] as const) {
  test(`${name} read as on the server`, () => {
    for (const [value, text] of given as Case[]) assert.equal(format(value), text);
  });
}

test("times read as on the server", () => {
  for (const [seconds, text] of cases.relative_s as [number, string][]) assert.equal(relativeTime(NOW + seconds * 1000, NOW), text);
  for (const [at, zone, text] of cases.absolute as [number, string, string][]) assert.equal(absoluteTime(at, zone), text);
});
