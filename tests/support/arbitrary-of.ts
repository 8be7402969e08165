import fc from 'fast-check';
import type * as z from 'zod';
import { SessionFile } from '../../src/core/session/events/bodies/session-file.ts';
import { anyText } from '../core/properties/texts.ts';

/**
 * Any value that a schema accepts, for the kinds of schema in samocode's files; a new kind throws and is added here.
 */
export function arbitraryOf(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'string':
      if ('format' in def && def.format === 'datetime')
        return fc.nat(2 ** 31).map((seconds) => new Date(seconds * 1000).toISOString());
      // Some strings become keys of a record, where zod drops this one; no hash or id of ours is equal to it.
      return ((def.checks ?? []).length > 0 ? anyText.map((text) => text.slice(0, 100)) : anyText).filter(
        (text) => text !== '__proto__',
      );
    case 'number':
      // Every check on a number in these schemas is a minimum.
      if ('format' in def || (def.checks ?? []).length > 0) return fc.integer({ min: 1, max: 2 ** 31 });
      return fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    case 'boolean':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries));
    case 'literal':
      return fc.constantFrom(...def.values);
    case 'default':
    case 'optional':
      return arbitraryOf(def.innerType);
    case 'nullable':
      return fc.option(arbitraryOf(def.innerType));
    case 'array':
      return fc.array(arbitraryOf(def.element), { maxLength: 3 });
    case 'union':
      return fc.oneof(...def.options.map(arbitraryOf));
    case 'record':
      return anyRecord(def);
    case 'object':
      return anyObject(def.shape);
    case 'catch':
      return arbitraryOf(def.innerType);
    case 'custom':
      // The only one: its schema is what it checks.
      return arbitraryOf(SessionFile);
    default:
      throw new Error(`There is no arbitrary for the schema type ${def.type} yet.`);
  }
}

function anyRecord({ keyType, valueType }: z.core.$ZodRecordDef): fc.Arbitrary<object> {
  // A record over an enum requires every one of its keys, a partial one does so by having no values.
  const { values } = keyType._zod;
  if (values === undefined) {
    const keys = arbitraryOf(keyType) as fc.Arbitrary<string>;
    return fc.dictionary(keys, arbitraryOf(valueType), { maxKeys: 3, noNullPrototype: true });
  }
  const fields = [...values].map((key) => [String(key), arbitraryOf(valueType)] as const);
  return fc.record(Object.fromEntries(fields), { noNullPrototype: true });
}

function anyObject(shape: Readonly<Record<string, z.core.$ZodType>>): fc.Arbitrary<object> {
  const fields = Object.entries(shape).map(([key, schema]) => [key, arbitraryOf(schema)] as const);
  const model: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(fields);
  const requiredKeys = Object.keys(shape).filter((key) => shape[key]?._zod.optin !== 'optional');
  return fc.record(model, { requiredKeys, noNullPrototype: true });
}
