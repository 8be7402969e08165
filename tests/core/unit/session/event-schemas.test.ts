import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { EVENT_BODIES } from '../../../../src/core/session/events/bodies/event-types.ts';
import { FORMAT_VERSION } from '../../../../src/core/session/events/bodies/format.ts';
import { SessionFile } from '../../../../src/core/session/events/bodies/session-file.ts';
import { Envelope } from '../../../../src/core/session/events/events.ts';

/**
 * Programs of several versions work on one session, since servers run for weeks. A program that finds an event it
 * cannot read never touches that session again, so a published format never changes. To add or change an event:
 *
 * - a key that an older worker may ignore, because the session continues correctly without it: make it optional and
 *   list it here, with what an older worker does without it;
 * - anything else (a type, a value, a required key, a key that changes behaviour, a removed key): raise FORMAT_VERSION,
 *   let the envelope read the formats before it, and add `tests/golden/events/format-<n>.txt`. The earlier goldens stay.
 *
 * What was never released may still change: `-u` rewrites its golden.
 */
const RULE = 'What this format holds has changed: raise FORMAT_VERSION, or list an optional key as ADDED.';

/** Optional keys added after their format was released, by the schema that has them. */
const ADDED: Readonly<Record<string, readonly string[]>> = { prepared: ['judgedFrom'] };

/** What is read of a JSON Schema here; the other keywords are copied. */
interface Schema {
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  [keyword: string]: unknown;
}

/** The schema of each type's body, and the envelope, as JSON Schema. */
function schemasNow(): Record<string, Schema> {
  // What a custom schema checks is not in it.
  const session_created = EVENT_BODIES.session_created.extend({ file: SessionFile });
  const all = Object.entries({ envelope: Envelope, ...EVENT_BODIES, session_created });
  return Object.fromEntries(
    all.map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input' }) as Schema]),
  );
}

/** The schema of the object with the last key of a path, and that key. */
function placeOf(schema: Schema | undefined, path: string): [Schema | undefined, string] {
  const [key = '', ...inner] = path.split('.');
  if (inner.length === 0) return [schema, key];
  return placeOf(schema?.properties?.[key], inner.join('.'));
}

function withoutAdded(schemas: Record<string, Schema>): Record<string, Schema> {
  for (const [name, keys] of Object.entries(ADDED))
    for (const path of keys) {
      const [schema, key] = placeOf(schemas[name], path);
      delete schema?.properties?.[key];
    }
  return schemas;
}

/**
 * A line for each path: whether it may be absent (`?`), and its schema without those of the paths below it. An object
 * that equals an earlier one is only named.
 */
function linesOf(schemas: Record<string, Schema>): string[] {
  const first = new Map<string, string>();
  const lines = (path: string, schema: Schema): string[] => {
    const { $schema: _, properties = {}, required = [], items, additionalProperties, ...others } = schema;
    const { anyOf = [], oneOf = [], ...own } = others;
    const below: [string, Schema][] = [
      ...Object.entries(properties).map(([key, each]): [string, Schema] => [
        `${path}.${key}${required.includes(key) ? '' : '?'}`,
        each,
      ]),
      ...anyOf.map((each, index): [string, Schema] => [`${path}(any ${index + 1})`, each]),
      ...oneOf.map((each, index): [string, Schema] => [`${path}(one ${index + 1})`, each]),
    ];
    if (items !== undefined) below.push([`${path}[]`, items]);
    if (typeof additionalProperties === 'object') below.push([`${path}{}`, additionalProperties]);
    else if (additionalProperties !== undefined) own.additionalProperties = additionalProperties;
    const absent = required.filter((key) => !(key in properties));
    if (absent.length > 0) own.required = absent;
    const whole = JSON.stringify(schema);
    const earlier = first.get(whole);
    if (earlier !== undefined) return [`${path}: as ${earlier}`];
    if (below.length > 0) first.set(whole, path);
    const { type, ...more } = own;
    const words = [type, ...(Object.keys(more).length > 0 ? [JSON.stringify(more)] : [])].filter(Boolean);
    return [`${path}: ${words.join(' ')}`.trimEnd(), ...below.flatMap(([name, each]) => lines(name, each))];
  };
  return Object.entries(schemas).flatMap(([name, schema]) => lines(name, schema));
}

test('each event keeps the keys of its format, and every additional key is optional', async () => {
  const golden = `../../../golden/events/format-${FORMAT_VERSION}.txt`;
  await expect(`${linesOf(withoutAdded(schemasNow())).join('\n')}\n`, RULE).toMatchFileSnapshot(golden);
});

test('the keys that were added later exist and are optional', () => {
  const now = schemasNow();
  const added = Object.entries(ADDED).flatMap(([name, keys]) => keys.map((key) => placeOf(now[name], key)));
  expect(added.filter(([schema, key]) => !(key in (schema?.properties ?? {})))).toEqual([]);
  expect(added.filter(([schema, key]) => schema?.required?.includes(key))).toEqual([]);
});

test('every released format has its golden, and the current one is the last', async () => {
  const names = await readdir('tests/golden/events');
  // Format 1 was never released.
  const formats = Array.from({ length: FORMAT_VERSION - 1 }, (_, index) => `format-${index + 2}.txt`);
  expect(names.sort()).toEqual(formats);
});
