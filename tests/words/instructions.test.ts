import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { INSTRUCTIONS, READ_ONLY_INSTRUCTIONS } from '../../src/app/server/server-info.ts';
import { TOOLS } from '../../src/app/server/tools.ts';
import { listedTool } from '../../src/core/faces/mcp/tool-schemas.ts';
import { SESSION_COMMANDS } from '../../src/core/faces/package/package-source.ts';
import { actionsOf, inBackticks, OUR_NAMES, ROOT, SOURCE, TEXTS } from './texts.ts';

/** Names of others: of a Codex script, and our program's. */
const OF_OTHERS = ['yield_time_ms', 'samocode'];
/** As Codex sees them, which alone gets the schemas of results. */
const SEEN = TOOLS.map((tool) => listedTool(tool, 'codex-mcp-client'));
const ARGUMENTS = new Map(TOOLS.map(({ name, input }) => [name, Object.keys(input.shape)]));
/** Every name and value in the schemas of calls and results. */
const IN_SCHEMAS = new Set([
  ...OF_OTHERS,
  ...ARGUMENTS.keys(),
  ...[...JSON.stringify(SEEN).matchAll(/"([a-z_]+)"/g)].map((match) => match[1]),
]);

/** What a chat's model reads about the tools, by where it is. */
const INSTRUCTING: readonly (readonly [string, string])[] = [
  ['the instructions', INSTRUCTIONS],
  ['the instructions of a read-only server', READ_ONLY_INSTRUCTIONS],
  ...SEEN.map(({ name, description = '', inputSchema }) => {
    const fields = Object.values(inputSchema.properties ?? {}).map((field) => Object(field).description);
    return [`the definition of ${name}`, [description, ...fields].join('\n')] as const;
  }),
  ...[...TEXTS].filter(([path]) => /^(?:prompts|skills\/(?:samocode-run|session-management))\b/.test(path)),
  ...(await Promise.all(
    ['.claude-plugin/plugin.json', 'gemini-extension.json', 'README.md'].map(
      async (file) => [file, await readFile(join(ROOT, 'packages/plugin', file), 'utf8')] as const,
    ),
  )),
];

test.each(INSTRUCTING)(
  'every tool, argument and state that %s names with an underscore exists',
  (_, text) => {
    const words = text.match(/(?<![\w./-])[a-z]+(?:_[a-z]+)+(?![\w./])/g) ?? [];
    expect(words.filter((word) => !IN_SCHEMAS.has(word) && !OUR_NAMES.has(word))).toEqual([]);
  },
);

test.each(INSTRUCTING)(
  'every word that %s quotes as a name is in a schema, a skill or a command',
  (_, text) => {
    const words = inBackticks(text).filter((word) => /^[a-z]+$/.test(word));
    expect(words.filter((word) => !IN_SCHEMAS.has(word) && !OUR_NAMES.has(word))).toEqual([]);
  },
);

test.each(INSTRUCTING)('every argument that %s names with its tool is an argument of it', (_, text) => {
  // "start_session's approve", "`answer_qa` with `confirm_typed`".
  const named = text.matchAll(/\b([a-z_]+)(?:'s |`? with (?=[`a-z_]*_|`))`?([a-z_]+)/g);
  const wrong = [...named].filter(([, tool = '', argument = '']) => {
    const known = ARGUMENTS.get(tool);
    return known !== undefined && !known.includes(argument);
  });
  expect(wrong.map(([words]) => words)).toEqual([]);
});

test.each(INSTRUCTING)('every field that %s gives a value is in a schema', (_, text) => {
  const given = [...text.matchAll(/\b([a-z_]+): (?:true|false|\d+)\b/g)].map((match) => match[1] ?? '');
  expect(given.filter((name) => !IN_SCHEMAS.has(name))).toEqual([]);
});

/** Those of `commands/`: the others are prompts of the server too. */
const COMMANDS = SOURCE.commands
  .slice(SESSION_COMMANDS.length)
  .map((command) => [command.name, command] as const);

test('there are fourteen commands', () => {
  expect(COMMANDS.map(([name]) => name)).toEqual([
    'cleanup',
    'create-plan',
    'dive',
    'do',
    'do2',
    'dop',
    'dop2',
    'multi-review',
    'samocode-implement',
    'session-archive',
    'session-continue',
    'session-start',
    'session-sync',
    'task',
  ]);
});

test.each(COMMANDS)('%s is thin: a skill, its action, its argument', (name, { meta, body }) => {
  expect([...meta.keys()].filter((key) => !['description', 'argument-hint'].includes(key))).toEqual([]);
  expect(meta.get('description')).toMatch(/^[A-Z][^:#]{5,70}$/);
  expect(meta.has('argument-hint')).toBe(body.includes('$ARGUMENTS'));
  const [, skill, action] = /^Use the skill `([^`]+)`(?:, action `([^`]+)`)?/.exec(body) ?? [];
  const source = SOURCE.skills.find((one) => one.name === skill);
  expect(source, name).toBeDefined();
  if (action !== undefined) expect(actionsOf(source?.text ?? '')).toContain(action);
  expect(body.length).toBeLessThan(700);
});

test.each(COMMANDS)('%s or its skill says once to be followed as written', (_name, { body }) => {
  const skill = SOURCE.skills.find(({ name }) => body.startsWith(`Use the skill \`${name}\``));
  const saying = [body, skill?.body ?? ''].join().match(/as (?:it is|they are) written; do not improvise/g);
  expect(saying).toHaveLength(1);
});

test('a review is not delegated to a subagent, which would be chosen before any skill is read', () => {
  const command = SOURCE.commands.find(({ name }) => name === 'multi-review');
  expect(command?.body).toContain('Do this yourself; hand it to no subagent.');
});

test.each(COMMANDS)('%s does not repeat how its skill finds the session', (_name, { body }) => {
  expect(body).not.toContain('find the active session');
});
