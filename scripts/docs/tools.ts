import { TOOLS } from '../../src/app/server/tools.ts';
import { resultWith, SESSION_FIELDS } from '../../src/core/faces/mcp/fields.ts';
import type { Tool } from '../../src/core/faces/mcp/tool.ts';
import { describedOutputOf, type FieldSchema, inputSchemaOf } from '../../src/core/faces/mcp/tool-schemas.ts';
import { codes, type Page, table } from './page.ts';

export const toolsPage: Page = { path: 'docs/tools.md', render };

function render(): string {
  return `# Tools

<!-- Written by \`npm run docs\` from the tools in src/. Change the code, then run it again. -->

The tools that a parent chat can call, in the order in which a session uses them. Every result is one object with \`summary\`, a
sentence for people, and \`next\`, the exact call or what to say to the user. Empty fields are omitted. \`pending: true\` means
that the command is queued or accepted but not completed; this is not an error. An error is an object with \`code\`, \`message\` and \`hint\`.
Codex also gets the schemas of the results, as the types of calls in its scripts.

A client may ask you first before one that is marked as destructive. Where a client defers tools, models are shown some from the start and find the others by search.

${table(['tool', 'what for', 'changes something', 'shown'], TOOLS.map(overviewRow))}

${TOOLS.map(chapter).join('\n\n')}

## Fields about a session

${resultTable({ output: resultWith(SESSION_FIELDS) }, Object.keys(SESSION_FIELDS))}
`;
}

function overviewRow({ name, title, isCore, annotations }: Tool): string[] {
  const changes = annotations.destructiveHint ? 'yes, destructive' : 'yes';
  const changing = annotations.readOnlyHint ? 'no' : changes;
  return [`[\`${name}\`](#${name})`, title, changing, isCore ? 'from the start' : 'by search'];
}

function chapter(tool: Tool): string {
  return [`## ${tool.name}`, tool.description, argumentsOf(tool), resultOf(tool)].join('\n\n');
}

function argumentsOf(tool: Tool): string {
  const { properties = {}, required = [] } = inputSchemaOf(tool);
  const rows = Object.entries(properties).flatMap(([name, field]) => [
    [`\`${name}\``, typeOf(field), meaningOf(field, required.includes(name))],
    ...Object.entries(field.properties ?? {}).flatMap(([inner, { description, ...of }]) =>
      description === undefined ? [] : [[`\`${name}.${inner}\``, typeOf(of), description]],
    ),
  ]);
  return rows.length === 0 ? 'It takes no arguments.' : table(['argument', 'type', 'meaning'], rows);
}

function meaningOf({ description = '', default: byDefault }: FieldSchema, isRequired: boolean): string {
  const usual = byDefault === undefined ? '' : `Default: \`${JSON.stringify(byDefault)}\`.`;
  return [description, isRequired ? 'Required.' : usual].filter(Boolean).join(' ');
}

/** The fields of its results, without those of every result. */
function resultOf(tool: Tool): string {
  const { shape } = tool.output;
  const isOfSession = (name: string) =>
    name in SESSION_FIELDS && shape[name] === Reflect.get(SESSION_FIELDS, name);
  const names = Object.keys(shape).filter((name) => !IN_EVERY_RESULT.has(name));
  const own = names.filter((name) => !isOfSession(name));
  const all = Object.keys(SESSION_FIELDS).every(isOfSession);
  const rest = all ? own : names;
  const others = all ? `${rest.length > 0 ? 'And the' : 'Its result has the'} ${ABOUT_SESSION}.` : '';
  return [rest.length > 0 ? resultTable(tool, rest) : '', others].filter(Boolean).join('\n\n');
}

const ABOUT_SESSION = '[fields about a session](#fields-about-a-session)';

function resultTable(tool: Pick<Tool, 'output'>, names: readonly string[]): string {
  const { properties = {} } = describedOutputOf(tool);
  const rows = names.map((name) => {
    const field = properties[name] ?? {};
    return [codes([name]), typeOf(field), field.description ?? ''];
  });
  return table(['result', 'type', 'meaning'], rows);
}

const IN_EVERY_RESULT: ReadonlySet<string> = new Set(['summary', 'next', 'pending']);

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
