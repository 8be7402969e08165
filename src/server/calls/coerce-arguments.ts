import * as z from 'zod';
import { parseJson } from '../../base/parse-json.ts';

const Schema = z.object({ properties: z.record(z.string(), z.looseObject({ type: z.string().optional() })) });

/**
 * Repairs what models write though they mean the right thing: "5" for 5, "true" for true, an object or list as
 * its JSON text, null for an argument left out. Whatever else stands there is left for the check.
 */
export function coerceArguments(schema: unknown, args: unknown): unknown {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return args;
  const { properties } = Schema.parse(schema);
  const entries = Object.entries(args)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => [key, coerce(value, properties[key]?.type)]);
  return Object.fromEntries(entries);
}

function coerce(value: unknown, type: string | undefined): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  switch (type) {
    case 'integer':
    case 'number':
      return /^-?\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : value;
    case 'boolean':
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : value;
    case 'array':
    case 'object':
      return parseJson(text) ?? value;
    default:
      return value;
  }
}
