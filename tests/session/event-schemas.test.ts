import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { EVENT_BODIES } from '../../src/session/events/bodies/event-types.ts';
import { Envelope, FORMAT_VERSION } from '../../src/session/events/events.ts';

/**
 * Programs of several versions meet over one session: servers live for weeks. One that meets an event which it cannot
 * read leaves the session alone for good, so what a format holds never changes. To add or change an event:
 *
 * - a key that an older worker may ignore, because without it the session goes on rightly: make it optional and list it
 *   here, with what an older worker does without it;
 * - anything else (a type, a value, a key that must be there or be obeyed, a key that goes): raise FORMAT_VERSION, let the
 *   envelope read the formats before it, and add `tests/golden/events/format-<n>.json`. The goldens before it stay.
 *
 * What was never in a release may still change: `-u` writes its golden anew.
 */
const RULE = 'What this format holds has changed: raise FORMAT_VERSION, or list an optional key as ADDED.';

/** Optional keys that came after their format, by the schema that has them. */
const ADDED: Readonly<Record<string, readonly string[]>> = {};

interface ObjectSchema {
  properties: Record<string, unknown>;
  required?: string[];
}

/** The schema of each type's body, and the envelope, as JSON Schema. */
function schemasNow(): Record<string, ObjectSchema> {
  const all = Object.entries({ envelope: Envelope, ...EVENT_BODIES });
  // JSON Schema of an object is an object with properties.
  return Object.fromEntries(
    all.map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input' }) as never]),
  );
}

function withoutAdded(schemas: Record<string, ObjectSchema>): Record<string, ObjectSchema> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const kept = Object.entries(schema.properties).filter(([key]) => !ADDED[name]?.includes(key));
      return [name, { ...schema, properties: Object.fromEntries(kept) }];
    }),
  );
}

test('an event has what its format has always had, and keys beside it that nobody has to read', async () => {
  const golden = `../golden/events/format-${FORMAT_VERSION}.json`;
  await expect(`${JSON.stringify(withoutAdded(schemasNow()), null, 2)}\n`, RULE).toMatchFileSnapshot(golden);
});

test('the keys that came later are there and optional', () => {
  const now = schemasNow();
  const added = Object.entries(ADDED).flatMap(([name, keys]) => keys.map((key) => ({ name, key })));
  expect(added.filter(({ name, key }) => !(key in (now[name]?.properties ?? {})))).toEqual([]);
  expect(added.filter(({ name, key }) => now[name]?.required?.includes(key))).toEqual([]);
});

test('every format has its golden, and the one that is written is the last', async () => {
  const names = await readdir('tests/golden/events');
  const formats = Array.from({ length: FORMAT_VERSION }, (_, index) => `format-${index + 1}.json`);
  expect(names.sort()).toEqual(formats);
});
