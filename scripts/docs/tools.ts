import { listedTool } from '../../src/server/calls/listed-tool.ts';
import type { Tool } from '../../src/server/calls/tool.ts';
import { TOOLS } from '../../src/server/tools/index.ts';
import { type Page, table } from './page.ts';

export const toolsPage: Page = { path: 'docs/tools.md', render };

function render(): string {
  return `# Tools

<!-- Written by \`npm run docs\` from src/server/tools/. Change the code, then run it again. -->

What a parent chat can call, in the order in which a session meets it. Every result is one object with \`summary\`, a
sentence for people, and \`next\`, the exact call or what to say to the user. An error is an object with \`code\`,
\`message\` and \`hint\`.

${table(['tool', 'what for', 'changes something'], TOOLS.map(overviewRow))}

${TOOLS.map(chapter).join('\n\n')}
`;
}

function overviewRow({ name, title, annotations }: Tool): string[] {
  return [`[\`${name}\`](#${name})`, title, annotations.readOnlyHint ? 'no' : 'yes'];
}

function chapter(tool: Tool): string {
  const { name, title, description, isCore, annotations } = tool;
  const traits = [
    annotations.readOnlyHint ? 'Only looks.' : 'Changes something.',
    ...(annotations.destructiveHint ? ['May undo or end work.'] : []),
    isCore ? 'Shown to models from the start.' : 'Found by search where a client defers tools.',
  ];
  return [`## ${name}`, `${title}. ${traits.join(' ')}`, description, argumentsOf(tool)].join('\n\n');
}

/** As much of a JSON Schema as tools use. */
interface FieldSchema {
  type?: string | readonly string[];
  description?: string;
  default?: unknown;
  enum?: readonly unknown[];
  const?: unknown;
  items?: FieldSchema;
  additionalProperties?: FieldSchema | boolean;
  anyOf?: readonly FieldSchema[];
}

function argumentsOf(tool: Tool): string {
  const { properties = {}, required = [] } = listedTool(tool).inputSchema;
  const rows = Object.entries(properties as Record<string, FieldSchema>).map(([name, field]) => [
    `\`${name}\``,
    typeOf(field),
    required.includes(name)
      ? 'required'
      : field.default === undefined
        ? ''
        : `\`${JSON.stringify(field.default)}\``,
    field.description ?? '',
  ]);
  return rows.length === 0
    ? 'It takes no arguments.'
    : table(['argument', 'type', 'default', 'meaning'], rows);
}

function typeOf(field: FieldSchema): string {
  if (field.anyOf) return field.anyOf.map(typeOf).join(' or ');
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(', ');
  if (field.const !== undefined) return `\`${field.const}\``;
  if (field.type === 'array') return `list of ${field.items ? typeOf(field.items) : 'anything'}`;
  if (field.type === 'object') {
    const value = field.additionalProperties;
    return typeof value === 'object' ? `object of ${typeOf(value)}` : 'object';
  }
  return [field.type ?? 'anything'].flat().join(' or ');
}
