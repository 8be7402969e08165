import { TOOLS } from '../../src/app/server/tools.ts';
import { resultWith, SESSION_FIELDS } from '../../src/core/faces/mcp/fields.ts';
import type { Tool } from '../../src/core/faces/mcp/tool.ts';
import { describedOutputOf, type FieldSchema, inputSchemaOf } from '../../src/core/faces/mcp/tool-schemas.ts';
import { codes, type Page, table } from './page.ts';

export const toolsPage: Page = { path: 'docs/tools.md', render };

const SHOWN = TOOLS.filter(({ isCore }) => isCore).map(({ name }) => name);
const IN_EVERY_RESULT: ReadonlySet<string> = new Set(['summary', 'next', 'pending']);

/** A row of a table about arguments or results. */
interface Row {
  name: string;
  type: string;
  meaning: string;
}

const OF_SESSION = resultRows({ output: resultWith(SESSION_FIELDS) }).filter(
  ({ name }) => name in SESSION_FIELDS,
);
const ARGUMENTS = repeatedIn(TOOLS.map(argumentRows));
const RESULTS = repeatedIn(TOOLS.map(ownResultRows));

function render(): string {
  return `# Tools

<!-- Written by \`npm run docs\` from the tools in src/. Change the code, then run it again. -->

The tools that a parent chat can call, in the order in which a session uses them. Every result is one object with \`summary\`, a
sentence for people, and \`next\`, the exact call or what to say to the user. Empty fields are omitted. \`pending: true\` means
that the command is queued or accepted but not completed, and \`state\` is the one before it; this is not an error. An error is an object with \`code\`, \`message\` and \`hint\`.
Codex also gets the schemas of the results, as the types of calls in its scripts.

A client may ask you first before one that is marked as destructive. Where a client defers tools, models are shown ${codes(SHOWN)}
from the start, and find the others by search. What has no type below is a string.

${table(['tool', 'what for', 'changes something'], TOOLS.map(overviewRow))}

## For several tools

${tableOf('argument', ARGUMENTS)}

${tableOf('result', RESULTS)}

${TOOLS.map(chapter).join('\n\n')}

## Fields about a session

${tableOf('result', OF_SESSION)}
`;
}

function overviewRow({ name, title, annotations }: Tool): string[] {
  const changes = annotations.destructiveHint ? 'yes, destructive' : 'yes';
  return [`[\`${name}\`](#${name})`, title, annotations.readOnlyHint ? 'no' : changes];
}

function chapter(tool: Tool): string {
  const { required = [] } = inputSchemaOf(tool);
  return [
    `## ${tool.name}`,
    tool.description,
    part('argument', argumentRows(tool), { shared: ARGUMENTS, required }),
    part('result', ownResultRows(tool), { shared: RESULTS }),
    aboutSession(tool),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** A table of what only this tool has, and the names of what it shares with others. */
function part(
  kind: string,
  rows: readonly Row[],
  { shared, required = [] }: { shared: readonly Row[]; required?: readonly string[] },
): string {
  const own = rows.filter((row) => !isIn(shared, row));
  const others = rows.filter((row) => isIn(shared, row)).map(({ name }) => name);
  const names = others.map((name) => `${codes([name])}${required.includes(name) ? ' (required)' : ''}`);
  return [
    own.length > 0 ? tableOf(kind, own, required) : '',
    names.length > 0 ? `[Shared ${kind}s](#for-several-tools): ${names.join(', ')}.` : '',
  ]
    .filter(Boolean)
    .join('\n\n');
}

function aboutSession(tool: Tool): string {
  const named = resultRows(tool).filter((row) => isIn(OF_SESSION, row));
  if (named.length === 0) return '';
  const which = named.length === OF_SESSION.length ? '' : `: ${codes(named.map(({ name }) => name))}`;
  return `Its result has [fields about a session](#fields-about-a-session)${which}.`;
}

function tableOf(kind: string, rows: readonly Row[], required: readonly string[] = []): string {
  return table(
    [kind, 'type', 'meaning'],
    rows.map(({ name, type, meaning }) => [
      codes([name]),
      type === 'string' ? '' : type,
      required.includes(name) ? `${meaning} Required.` : meaning,
    ]),
  );
}

function argumentRows(tool: Tool): Row[] {
  const { properties = {} } = inputSchemaOf(tool);
  return Object.entries(properties).flatMap(([name, field]) => [
    { name, type: typeOf(field), meaning: meaningOf(field) },
    ...Object.entries(field.properties ?? {}).flatMap(([inner, { description, ...of }]) =>
      description === undefined ? [] : [{ name: `${name}.${inner}`, type: typeOf(of), meaning: description }],
    ),
  ]);
}

function meaningOf({ description = '', default: byDefault }: FieldSchema): string {
  const usual = byDefault === undefined ? '' : `Default: \`${JSON.stringify(byDefault)}\`.`;
  return [description, usual].filter(Boolean).join(' ');
}

function ownResultRows(tool: Tool): Row[] {
  return resultRows(tool).filter((row) => !isIn(OF_SESSION, row));
}

/** The fields of its results, without those of every result. */
function resultRows(tool: Pick<Tool, 'output'>): Row[] {
  const { properties = {} } = describedOutputOf(tool);
  return Object.entries(properties)
    .filter(([name]) => !IN_EVERY_RESULT.has(name))
    .map(([name, field]) => ({ name, type: typeOf(field), meaning: field.description ?? '' }));
}

function repeatedIn(rowsOfTools: readonly (readonly Row[])[]): Row[] {
  const rows = rowsOfTools.flat();
  return rows.filter((row, at) => !isIn(rows.slice(0, at), row) && isIn(rows.slice(at + 1), row));
}

function isIn(rows: readonly Row[], { name, type, meaning }: Row): boolean {
  return rows.some((row) => row.name === name && row.type === type && row.meaning === meaning);
}

function typeOf(field: FieldSchema): string {
  if (field.anyOf) return field.anyOf.map(typeOf).join(' or ');
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(', ');
  if (field.const !== undefined) return `\`${field.const}\``;
  if (field.type === 'array') return `list of ${field.items ? typeOf(field.items) : 'anything'}`;
  if (field.type === 'object') {
    const value = field.additionalProperties;
    if (typeof value === 'object') return `object of ${typeOf(value)}`;
    return `object with ${codes(Object.keys(field.properties ?? {}))}`;
  }
  return [field.type ?? 'anything'].flat().join(' or ');
}
