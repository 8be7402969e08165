import type * as z from 'zod';
import { nearestName } from '../../kernel/nearest-name.ts';
import type { FieldSchema } from './tool-schemas.ts';

type Described = Pick<FieldSchema, 'description'> & {
  properties?: Readonly<Record<string, FieldSchema>> | undefined;
};
type Issue = z.core.$ZodIssue;

/**
 * Explains what is wrong with the arguments. A validator's own messages describe the schema, not the right
 * arguments.
 */
export function argumentProblems(issues: readonly Issue[], { schema, args }: Checked): string {
  return issues
    .slice(0, 3)
    .map((issue) => describeIssue(issue, { schema, args }))
    .join(' ');
}

interface Checked {
  schema: Described;
  args: unknown;
}

/**
 * Suggests the right arguments: the nearest name, the description of the first wrong argument, or all argument
 * names.
 */
export function argumentHint(issues: readonly Issue[], { properties = {} }: Described): string {
  const known = Object.keys(properties);
  const [unknown] = issues.flatMap((issue) => (isUnknownArgument(issue) ? issue.keys : []));
  const nearest = unknown && nearestName(unknown, known);
  if (nearest) return `Did you mean "${nearest}"?`;
  const [first] = issues.flatMap(({ path }) => (path[0] === undefined ? [] : [String(path[0])]));
  const description = first === undefined ? undefined : properties[first]?.description;
  return description ? `In ${first}: ${description}` : `Its arguments are: ${known.join(', ')}.`;
}

function isUnknownArgument(issue: Issue): issue is Extract<Issue, { code: 'unrecognized_keys' }> {
  return issue.code === 'unrecognized_keys' && issue.path.length === 0;
}

function describeIssue(issue: Issue, { schema, args }: Checked): string {
  const name = issue.path.length === 0 ? 'The arguments' : `"${issue.path.map(String).join('.')}"`;
  switch (issue.code) {
    case 'invalid_type': {
      const value = valueAt(args, issue.path);
      if (value === undefined) return `${name} is missing.`;
      return `${name} must be ${EXPECTED[issue.expected] ?? 'something else'}, not ${kindOf(value, issue.expected)}.`;
    }
    case 'too_small':
      if (!isLength(issue.origin)) return `${name} must be ${issue.minimum} or more.`;
      return issue.minimum === 1
        ? `${name} is empty.`
        : `${name} is too short: ${issue.minimum} ${unitOf(issue.origin)} or more.`;
    case 'too_big':
      return isLength(issue.origin)
        ? `${name} is too long: ${issue.maximum} ${unitOf(issue.origin)} or fewer.`
        : `${name} must be ${issue.maximum} or less.`;
    case 'invalid_value':
      return `${name} must be ${issue.values.map(String).join(' or ')}.`;
    case 'unrecognized_keys': {
      const keys = issue.keys.slice(0, 3).map((key) => JSON.stringify(key.slice(0, 40)));
      if (issue.path.length === 0) return `There is no argument ${keys.join(', ')}.`;
      const known = Object.keys(describedAt(schema, issue.path).properties ?? {});
      return `${name} has no ${keys.join(', ')}; it takes ${known.join(', ')}.`;
    }
    case 'custom':
      // Messages of custom refinements have no full stop.
      return issue.path.length === 0 ? `${issue.message}.` : `${name}: ${issue.message}.`;
    default:
      return `${name} cannot be used as given.`;
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function kindOf(value: unknown, expected: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number')
    return expected === 'int' || expected === 'number' ? String(value) : 'a number';
  return typeof value === 'string' ? 'text' : 'an object';
}

function isLength(origin: string): boolean {
  return origin === 'string' || origin === 'array';
}

function unitOf(origin: string): string {
  return origin === 'string' ? 'characters' : 'entries';
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

function describedAt(schema: Described, path: readonly PropertyKey[]): Described {
  return path.reduce<Described>((inner, key) => inner.properties?.[String(key)] ?? {}, schema);
}
