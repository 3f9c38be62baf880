// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createCleaner } from '../src/privacy/clean.js';
import { createNameRule } from '../src/privacy/names.js';

const CONTRACT = new URL('../../../../contract/', import.meta.url);
const FIXTURES = new URL('fixtures/scrub/', CONTRACT);

interface Case {
  name: string;
  input: unknown;
  expected: unknown;
  server_only?: boolean;
  extra_fields?: string[];
}

/** Each fixture that the server and the Python SDK replay gives the same answer here. */
for (const file of readdirSync(FIXTURES)) {
  const { cases } = JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as { cases: Case[] };
  describe(`contract/fixtures/scrub/${file}`, () => {
    for (const { name, input, expected, server_only, extra_fields = [] } of cases) {
      it.skipIf(server_only)(name, () => {
        const clean = createCleaner(createNameRule(extra_fields));
        expect(clean({ wrapped: input }).wrapped).toEqual(expected);
      });
    }
  });
}

describe('field names', () => {
  const rules = JSON.parse(readFileSync(new URL('scrubbing.json', CONTRACT), 'utf8')).names;
  const isSecret = createNameRule(['loyalty_card']);

  it('hides every name of the contract', () => {
    expect([...rules.exact, ...rules.endings].filter((name: string) => !isSecret(name))).toEqual([]);
  });

  it('hides long words at the end of a name', () => {
    expect(rules.endings.filter((name: string) => !isSecret('user-' + name))).toEqual([]);
  });

  it('leaves the names that only look alike', () => {
    expect(rules.not_listed.filter(isSecret)).toEqual([]);
  });

  it("hides the application's own names in any spelling", () => {
    expect(['loyaltyCard', 'LOYALTY-CARD', 'loyalty.card'].filter((name) => !isSecret(name))).toEqual([]);
  });
});
