import { afterAll, beforeAll, expect, test } from 'vitest';
import { listedTool } from '../../../../src/kit/mcp/tool-schemas.ts';
import { TOOLS } from '../../../../src/server/tools.ts';
import { readEvents } from '../../../../src/session/events/event-log.ts';
import { eventually } from '../../../support/eventually.ts';
import { CALLS, faultOf, newParent, type Parent } from './parent.ts';

const WRONG: readonly unknown[] = [
  null,
  {},
  { deep: [{ er: 1 }] },
  [[1]],
  -1,
  1e300,
  true,
  '',
  ' \n',
  'a\u0000b',
  '../../../etc/passwd',
  'x'.repeat(1_000_000),
];

test('there is a sensible call of every tool', () => {
  expect(Object.keys(CALLS).sort()).toEqual(TOOLS.map(({ name }) => name).sort());
});

/** How much somebody has done to a session; it goes on by itself meanwhile. */
async function acts({ bench }: Parent, session: string): Promise<number> {
  // What a slow worker has not taken yet is no act of the next call.
  const { paths } = await eventually(async () => {
    const view = await bench.view(session);
    return view.pendingCommands.length === 0 && view;
  });
  const events = await readEvents(paths, 0);
  return events.filter((event) => 'by' in event && event.type !== 'command_refused').length;
}

/** As good as not given, and a start would only succeed again and again. */
const NOTHING: readonly unknown[] = [null, '', ' \n'];

const FOR_NEW_FILE = ['provider', 'check', 'sessions', 'worktrees'];
const OF_SETUP = ['project_dir', ...FOR_NEW_FILE, 'trust'];

/**
 * Values that these tools take in several arguments: in all of them at once, for a call that succeeds looks at the
 * machine or starts a worker.
 */
const AT_ONCE: Readonly<Record<string, ReadonlyArray<readonly [unknown, readonly string[]]>>> = {
  setup_project: [
    [null, [...OF_SETUP, 'init_repository']],
    ['', OF_SETUP],
    [' \n', OF_SETUP],
    ...WRONG.slice(-3).map((text) => [text, FOR_NEW_FILE] as const),
  ],
  start_session: [
    [true, ['accept_suggestions', 'auto_approve']],
    ...WRONG.slice(-3, -1).map((text) => [text, ['task', 'dive']] as const),
  ],
};

/** The arguments that get the value with this one; none where another one brings it along. */
function fieldsWith(tool: string, field: string, value: unknown): readonly string[] {
  const [, fields] = AT_ONCE[tool]?.find(([taken, names]) => taken === value && names.includes(field)) ?? [];
  if (fields === undefined) return [field];
  return fields[0] === field ? fields : [];
}

/** Sensible but for these arguments; a start that succeeds takes a new name and rests. */
function callWith(tool: string, session: string, fields: readonly string[], value: unknown) {
  const call = tool === 'start_session' ? { task: 'x', start: false } : CALLS[tool]?.(session);
  return { ...call, ...Object.fromEntries(fields.map((field) => [field, value])) };
}

test('whatever is passed to a tool in any of its arguments, it answers shortly and says what was wrong', async () => {
  await using parent = await newParent();
  const { json } = await parent.ask('start_session', { task: 'x', name: 'boats' });
  const session = String(json.session);
  await parent.until(session, 'waiting qa_answers');
  const faults: string[] = [];
  let before = await acts(parent, session);
  for (const tool of TOOLS) {
    for (const field of Object.keys(listedTool(tool).inputSchema.properties ?? {})) {
      for (const value of tool.name === 'start_session'
        ? WRONG.filter((each) => !NOTHING.includes(each))
        : WRONG) {
        const fields = fieldsWith(tool.name, field, value);
        if (fields.length === 0) continue;
        const told = await parent.ask(tool.name, callWith(tool.name, session, fields, value));
        const fault = faultOf(told);
        const shown = `${tool.name} ${fields.join('=')}=${JSON.stringify(value).slice(0, 30)}`;
        if (fault) faults.push(`${shown}: ${fault}`);
        const isRefused = told.isError;
        if (isRefused && fields.length > 1) faults.push(`${shown}: refused, so each has to be tried alone`);
        const after = await acts(parent, session);
        if (isRefused && after !== before) faults.push(`${shown}: an error, and done all the same`);
        before = after;
      }
    }
  }
  expect(faults).toEqual([]);
}, 300_000);

/** Whatever is refused leaves everything as it is: one for all. */
let bare: Parent;
beforeAll(async () => {
  bare = await newParent({ bare: true });
});
afterAll(() => bare[Symbol.asyncDispose]());

test.each(TOOLS.map(({ name }) => name))('%s refuses an argument that it does not know', async (name) => {
  const told = await bare.ask(name, { ...CALLS[name]?.('boats'), sesion: 'boats' });
  expect([faultOf(told), told.json.code]).toEqual([undefined, 'bad_input']);
});

const needy = TOOLS.filter((tool) => (listedTool(tool).inputSchema.required ?? []).length > 0);

test.each(needy.map((tool) => [tool.name, tool] as const))(
  '%s names every argument that it needs and did not get',
  async (name, tool) => {
    const told = await bare.ask(name, {});
    expect([faultOf(told), told.json.code]).toEqual([undefined, 'bad_input']);
    for (const field of listedTool(tool).inputSchema.required ?? [])
      expect(told.json.message).toContain(`"${field}"`);
  },
);
