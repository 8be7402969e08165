import { afterAll, beforeAll, expect, test } from 'vitest';
import { TOOLS } from '../../../../../src/app/server/tools.ts';
import { type FieldSchema, inputSchemaOf } from '../../../../../src/core/faces/mcp/tool-schemas.ts';
import { askTool } from '../../../../app/unit/server/ask-tool.ts';
import { makeServerRig, type ServerRig } from '../../../../app/unit/server/server-rig.ts';

let serverRig: ServerRig;
beforeAll(async () => {
  serverRig = await makeServerRig({ bare: true });
});
afterAll(() => serverRig[Symbol.asyncDispose]());

/** None of these may be mistaken for a value of the type. */
const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  string: [5, true, [], {}],
  integer: ['five', 1.5, [], {}, true],
  number: ['five', [], {}, true],
  boolean: ['yes', 5, [], {}],
  array: ['not a list', 5, {}, true],
  object: ['not an object', 5, [], true],
};

/** A cursor is text; as a number, which it was in an earlier version, it is taken, too. */
const isOfOlderChat = (field: string, value: unknown) => field === 'cursor' && value === 5;

const wrong = TOOLS.flatMap((tool) => {
  const { properties = {} } = inputSchemaOf(tool);
  return Object.entries(properties).flatMap(([field, schema]) =>
    (WRONG[String(schema.type)] ?? [])
      .filter((value) => !isOfOlderChat(field, value))
      .map((value) => ({ name: tool.name, field, value })),
  );
});

/** Other mistakes, by tool: the arguments, and the text of the answer. */
const OTHERS: readonly [string, Record<string, unknown>, string][] = [
  ['read_qa', { session: '' }, '"session" is empty. | In session: From list_sessions.'],
  ['read_qa', {}, '"session" is missing. | In session: From list_sessions.'],
  [
    'read_qa',
    { sesion: 'x' },
    '"session" is missing. There is no argument "sesion". | Did you mean "session"?',
  ],
  [
    'get_status',
    { session: 'x', depth: 1 },
    'There is no argument "depth". | Its arguments are: session, group, project_dir.',
  ],
  [
    'request_changes',
    { session: 'x', feedback: '' },
    '"feedback" is empty. | In feedback: What to change, in the user\'s words.',
  ],
  ['approve_plan', { session: 'x', hash: 'ab' }, '"hash" is too short: 8 characters or more.'],
  [
    'read_qa',
    { session: 'x', offset: -1 },
    '"offset" must be 0 or more. | In offset: more_from of the prior page.',
  ],
  ['read_qa', { session: 'x', offset: 1.5 }, '"offset" must be a whole number, not 1.5.'],
  [
    'stop_session',
    { session: 'x', when: 'later' },
    '"when" must be after_iteration or now. | In when: now: ends',
  ],
  ['wait', {}, 'Send session, one name from list_sessions, or sessions, a list of them, or group.'],
  ['wait', { sessions: [] }, '"sessions" is empty.'],
  ['wait', { sessions: [''] }, '"sessions.0" is empty.'],
  ['wait', { sessions: Array(51).fill('x') }, '"sessions" is too long: 50 entries or fewer.'],
  ['wait', { session: 'x', cursors: { x: 1 } }, 'There is no argument "cursors". | Did you mean "cursor"?'],
  [
    'start_session',
    { task: 'x', limits: { dollars: 5 } },
    '"limits" has no "dollars"; it takes usd, tokens, hours, iterations.',
  ],
  ['start_session', { task: 'x', limits: { usd: -1 } }, '"limits.usd" must be 0 or more.'],
  [
    'start_session',
    { task: 'x', providers: { cooking: 'codex' } },
    '"providers.cooking": There is no phase "cooking"; the phases are init,',
  ],
  [
    'start_session',
    { task: 'x', options: { colour: 'blue' } },
    '"options" has no "colour"; it takes group, branch, after_merge,',
  ],
  ['start_session', { task: 'x', options: { timeout_s: 0 } }, '"options.timeout_s" must be 1 or more.'],
  // As in the release before.
  ['start_session', { task: 'x', timeout_s: 0 }, '"timeout_s" must be 1 or more.'],
  ['rewind_session', { session: 'x', to: 1, undo: true }, 'Give either to or undo.'],
];

const VALIDATORS_WORDS =
  /too small|too big|invalid|expected|received|unrecognized|>=|<=|\bNaN\b|undefined|\[object/i;

test.each(wrong)('$name says what $field accepts if it gets $value', async ({ name, field, value }) => {
  const { json, isError } = await askTool(name, { session: 'x', [field]: value }, serverRig.context);
  expect([isError, json.code]).toEqual([true, 'bad_input']);
  expect(json.message).toContain(`"${field}" must be `);
  expect(`${json.message} ${json.hint}`).not.toMatch(VALIDATORS_WORDS);
});

test.each(OTHERS)('%s with %j: %s', async (name, args, words) => {
  const { json } = await askTool(name, args, serverRig.context);
  expect(json.code).toBe('bad_input');
  expect(`${json.message} | ${json.hint}`).toContain(`${name} was not called. ${words}`);
  expect(`${json.message} ${json.hint}`).not.toMatch(VALIDATORS_WORDS);
});

test.each(TOOLS.map(({ name }) => name))(
  '%s names the unknown argument, and those it accepts',
  async (name) => {
    const { json } = await askTool(name, { colour: 'blue' }, serverRig.context);
    expect(json.message).toContain('There is no argument "colour".');
    expect(`${json.message} ${json.hint}`).not.toMatch(VALIDATORS_WORDS);
  },
);

test.each(TOOLS.map(({ name }) => name))('%s accepts nothing but an object of arguments', async (name) => {
  const { json } = await askTool(name, [] as unknown as Record<string, unknown>, serverRig.context);
  expect(json.message).toContain('The arguments must be an object, not a list.');
});

test('the error about an argument with fixed values names all of them', async () => {
  const chosen = TOOLS.flatMap((tool) =>
    Object.entries(inputSchemaOf(tool).properties ?? {})
      .filter((entry): entry is [string, FieldSchema & { enum: string[] }] => entry[1].enum !== undefined)
      .map(([field, schema]) => ({ name: tool.name, field, values: schema.enum })),
  );
  expect(chosen.length).toBeGreaterThan(4);
  for (const { name, field, values } of chosen) {
    const { json } = await askTool(name, { session: 'x', [field]: 'nonsense' }, serverRig.context);
    for (const value of values) expect(json.message).toContain(value);
  }
});
