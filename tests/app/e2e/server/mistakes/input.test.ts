import { afterAll, beforeAll, expect, test } from 'vitest';
import { TOOLS } from '../../../../../src/app/server/tools.ts';
import { listedTool } from '../../../../../src/core/faces/mcp/tool-schemas.ts';
import { readEvents } from '../../../../../src/core/session/log/event-log.ts';
import { ci } from '../../../../support/ci.ts';
import { eventually } from '../../../../support/eventually.ts';
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

test('there is a valid call for every tool', ci, () => {
  expect(Object.keys(CALLS).sort()).toEqual(TOOLS.map(({ name }) => name).sort());
});

/** The number of acts on a session, which may keep running meanwhile. */
async function acts({ bench }: Parent, session: string): Promise<number> {
  // A command still pending at a slow worker must not be counted as an act of the next call.
  const { paths } = await eventually(async () => {
    const view = await bench.view(session);
    return view.pendingCommands.length === 0 && view;
  });
  const events = await readEvents(paths, 0);
  return events.filter((event) => 'by' in event && event.type !== 'command_refused').length;
}

/** Equivalent to a missing value, and a start would only succeed again and again. */
const NOTHING: readonly unknown[] = [null, '', ' \n'];

const OF_SETUP = ['project_dir', 'provider', 'check', 'sessions', 'worktrees', 'trust'];

/**
 * Values that these tools take in several arguments: passed in all of them at once, because a successful call inspects
 * the machine or starts a worker.
 */
const AT_ONCE: Readonly<Record<string, ReadonlyArray<readonly [unknown, readonly string[]]>>> = {
  setup_project: [
    [null, [...OF_SETUP, 'init_repository']],
    ['', OF_SETUP],
    [' \n', OF_SETUP],
  ],
  start_session: [
    [true, ['accept_suggestions', 'auto_approve']],
    ...WRONG.slice(-3, -1).map((text) => [text, ['task', 'dive']] as const),
  ],
};

/** The arguments to set together with this one; none if the call for an earlier argument covers it. */
function fieldsWith(tool: string, field: string, value: unknown): readonly string[] {
  const [, fields] = AT_ONCE[tool]?.find(([taken, names]) => taken === value && names.includes(field)) ?? [];
  if (fields === undefined) return [field];
  return fields[0] === field ? fields : [];
}

/** Valid except for these arguments; a start that succeeds takes a new name and does not run. */
function callWith(tool: string, session: string, fields: readonly string[], value: unknown) {
  const call = tool === 'start_session' ? { task: 'x', start: false } : CALLS[tool]?.(session);
  return { ...call, ...Object.fromEntries(fields.map((field) => [field, value])) };
}

test('every tool answers any value in any of its arguments quickly and says what was wrong', async () => {
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
        const result = await parent.ask(tool.name, callWith(tool.name, session, fields, value));
        const fault = faultOf(result);
        const shown = `${tool.name} ${fields.join('=')}=${JSON.stringify(value).slice(0, 30)}`;
        if (fault) faults.push(`${shown}: ${fault}`);
        const isRefused = result.isError;
        if (isRefused && fields.length > 1) faults.push(`${shown}: refused, so each has to be tried alone`);
        const after = await acts(parent, session);
        if (isRefused && after !== before) faults.push(`${shown}: an error, and done all the same`);
        before = after;
      }
    }
  }
  expect(faults).toEqual([]);
});

/** A refusal changes nothing, so all rows share one session. */
let bare: Parent;
beforeAll(async () => {
  bare = await newParent({ bare: true });
});
afterAll(() => bare[Symbol.asyncDispose]());

test.each(TOOLS.map(({ name }) => name))('%s refuses an unknown argument', async (name) => {
  const result = await bare.ask(name, { ...CALLS[name]?.('boats'), sesion: 'boats' });
  expect([faultOf(result), result.json.code]).toEqual([undefined, 'bad_input']);
});

const needy = TOOLS.filter((tool) => (listedTool(tool).inputSchema.required ?? []).length > 0);

test.each(needy.map((tool) => [tool.name, tool] as const))(
  '%s names every required argument that is missing',
  async (name, tool) => {
    const result = await bare.ask(name, {});
    expect([faultOf(result), result.json.code]).toEqual([undefined, 'bad_input']);
    for (const field of listedTool(tool).inputSchema.required ?? [])
      expect(result.json.message).toContain(`"${field}"`);
  },
);
