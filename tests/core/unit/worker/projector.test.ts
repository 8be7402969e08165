import { appendFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { readOverview } from '../../../../src/core/session/documents/overview.ts';
import { type NewEvent, serialiseEvent } from '../../../../src/core/session/events/events.ts';
import { fold } from '../../../../src/core/session/events/fold.ts';
import { emptyState } from '../../../../src/core/session/events/state.ts';
import { sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { applyPhaseEdit, phaseSetByHand } from '../../../../src/core/worker/commands/phase-edit.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { record, type Worker } from '../../../../src/core/worker/state/worker.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';
import { ASKING, CREATED, numbered, PREPARED } from '../session/events.ts';
import { workerOn } from './worker-on.ts';

const flowNotice = (flow: string): NewEvent => ({ type: 'notice', code: 'x', text: flow, flow });
const ended = (iteration: number): NewEvent => ({
  type: 'iteration_ended',
  iteration,
  phase: 'investigation',
  ending: 'signalled',
  exitCode: 0,
  signal: { status: 'continue', phase: 'investigation', summary: 'x'.repeat(900) },
  signalNotes: [],
  decision: { kind: 'run', phase: 'investigation', notes: [], delay: 'none' },
  changed: true,
  treeChanged: true,
  cost: {},
  durationMs: 1,
  flowLines: [],
});

/** A session, and workers that record events and update the documents one after the other. */
async function session() {
  const dir = await tempDir();
  const paths = sessionPaths(dir.path, '26-01-08-x');
  await mkdir(dirname(paths.events), { recursive: true });
  let state = emptyState();
  const worker = () => {
    const projector = new Projector(paths, sessionFileSample());
    return {
      catchUp: () => projector.catchUp(state),
      async record(...events: NewEvent[]) {
        const written = numbered(events, { after: state.n });
        state = written.reduce(fold, state);
        await appendFile(paths.events, written.map(serialiseEvent).join(''));
        await projector.apply(state, written);
      },
    };
  };
  return {
    paths,
    worker,
    flow: async () => readOverview(await readFile(paths.overview, 'utf8')).flow,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

test('a line that the last worker could not write is added, even if an identical one exists', async () => {
  await using at = await session();
  const worker = at.worker();
  await worker.record(CREATED, PREPARED, flowNotice('again'));
  const written = await readFile(at.paths.overview);
  await worker.record(flowNotice('again'));
  await writeFile(at.paths.overview, written);
  await at.worker().catchUp();
  expect(await at.flow()).toEqual([expect.stringMatching(/again$/), expect.stringMatching(/again$/)]);
});

test('history lines are not repeated when session.log was emptied, however long the history is', async () => {
  await using at = await session();
  const worker = at.worker();
  await worker.record(CREATED, PREPARED);
  for (let iteration = 1; iteration <= 120; iteration += 1) await worker.record(ended(iteration));
  const before = await readFile(at.paths.history, 'utf8');
  expect(before.length).toBeGreaterThan(100_000);
  await truncate(at.paths.sessionLog);
  await at.worker().catchUp();
  expect(await readFile(at.paths.history, 'utf8')).toBe(before);
});

test('a history line that the last worker could not write is added', async () => {
  await using at = await session();
  const worker = at.worker();
  await worker.record(CREATED, PREPARED, ended(1));
  const before = await readFile(at.paths.history, 'utf8');
  await worker.record(ended(2));
  const after = await readFile(at.paths.history, 'utf8');
  await truncate(at.paths.history, before.length);
  await at.worker().catchUp();
  expect(await readFile(at.paths.history, 'utf8')).toBe(after);
});

const kept = (id: string, text: string): NewEvent => ({
  type: 'message_kept',
  by: { channel: 'cli' },
  id,
  file: `01-08-1000-${id}.md`,
  flow: `Message from the human: ${text}`,
});
const withdrawn = (id: string): NewEvent => ({
  type: 'message_withdrawn',
  by: { channel: 'cli' },
  id,
  flow: `Message withdrawn by the human: ${id}`,
});

test('the flow log loses the text of a withdrawn message, also where it is written again or rewound', async () => {
  await using given = await session();
  const { record } = given.worker();
  await record(CREATED, PREPARED, kept('M1', 'Sink the boats'), kept('M2', 'Mind the boats'));
  const before = await readFile(given.paths.overview, 'utf8');
  expect(before).toContain('Sink the boats');
  const expected = [
    expect.stringContaining('Message from the human: Mind the boats'),
    expect.stringContaining('Message withdrawn by the human: M1'),
  ];
  await record(withdrawn('M1'));
  expect((await given.flow()).slice(-2)).toEqual(expected);
  await given.worker().catchUp();
  expect((await given.flow()).slice(-2)).toEqual(expected);
  await rm(given.paths.overview);
  await record({ type: 'notice', code: 'x', text: 'x' });
  expect((await given.flow()).slice(-2)).toEqual(expected);

  await writeFile(given.paths.overview, before);
  await record({ type: 'rewound', to: 1, undo: { ref: 'r', commit: 'c' }, leftOut: [] });
  expect((await given.flow()).join()).not.toContain('Sink the boats');
});

const STOPPED: NewEvent = { type: 'stopped', by: { channel: 'cli' }, why: 'x' };
const CLOSED: NewEvent = { type: 'notice', code: 'gate_closed', text: 'x' };
const SPENT: NewEvent = { type: 'notice', code: 'x', text: 'x' };
const REWOUND: NewEvent = { type: 'rewind_failed', to: 1, code: 'x', reason: 'x' };
const TO_PLANNING: NewEvent = { type: 'phase_set', phase: 'planning', from: 'investigation' };

/** A session whose overview has its phase line, and its worker. */
async function prepared() {
  const given = await session();
  const { paths } = given;
  const { record } = given.worker();
  await record(CREATED, PREPARED);
  return {
    ...given,
    record,
    phase: async () => readOverview(await readFile(paths.overview, 'utf8')).phase,
    async setPhase(phase: string) {
      const text = await readFile(paths.overview, 'utf8');
      await writeFile(paths.overview, text.replace(/^Phase: .*$/m, `Phase: ${phase}`));
    },
  };
}

test.each<[string, NewEvent]>([
  ['parked', ASKING],
  ['stopped', STOPPED],
  ['a notice', SPENT],
])('a phase that a person sets before %s is recorded is kept', async (_, event) => {
  await using session = await prepared();
  await session.setPhase('requirements');
  await session.record(event);
  expect(await session.phase()).toBe('requirements');
});

test.each<[string, NewEvent, string]>([
  ['another phase was set', TO_PLANNING, 'planning'],
  ['the gate was closed', CLOSED, 'investigation'],
  ['a rewind failed', REWOUND, 'investigation'],
])('the phase line of the overview is rewritten after %s', async (_, event, phase) => {
  await using session = await prepared();
  await session.setPhase('requirements');
  await session.record(event);
  expect(await session.phase()).toBe(phase);
});

test('the phase line of a deleted overview is written again', async () => {
  await using session = await prepared();
  await rm(session.paths.overview);
  await session.record(ASKING);
  expect(await session.phase()).toBe('investigation');
});

const BLOCKED: NewEvent = {
  ...{
    type: 'blocked',
    phase: 'investigation',
    reason: 'r',
    needs: 'error_resolution',
    rule: 'file_refused',
  },
};
const BEGUN = [CREATED, PREPARED];
const OPEN: NewEvent = {
  type: 'iteration_started',
  ...{ iteration: 1, phase: 'investigation', provider: 'rehearsal', model: '', log: 'l', childUuid: 'u' },
  timeLimitMs: 1,
  credentials: [],
  sandbox: 'none',
};

/** A blocked session in whose overview a person wrote another phase. */
const movedBy = (log: TempLog, ...events: NewEvent[]) => movedAfter(log, ...events, BLOCKED);

async function movedAfter(log: TempLog, ...events: NewEvent[]): Promise<Worker> {
  const { paths } = log;
  const worker = await workerOn(log, [], { settings: { gates: [] } });
  await record(worker, ...BEGUN, ...events);
  const text = await readFile(paths.overview, 'utf8');
  await writeFile(paths.overview, text.replace(/^Phase: .*$/m, 'Phase: implementation'));
  return worker;
}

test('a phase written while a blocked session rests is applied', async () => {
  await using log = await tempLog();
  const worker = await movedBy(log);
  expect(await applyPhaseEdit(worker)).toBe(true);
  expect(worker.writer.state.progress.phase).toBe('implementation');
});

test('an adopted session with an approved plan and no questions can be moved past both gates', async () => {
  await using log = await tempLog();
  const plan = { name: 'plan.md', hash: 'h' };
  const approved: NewEvent = { type: 'plan_approved', by: { channel: 'cli' }, plan, phase: 'testing' };
  const worker = await movedBy(log, approved);
  const settings = { ...worker.file.settings, gates: ['qa' as const, 'plan' as const] };
  await applyPhaseEdit({ ...worker, file: { ...worker.file, settings } });
  expect(worker.writer.state.progress.phase).toBe('implementation');
});

test('quick work may be moved to work without answers and a plan, and becomes full where it is asked and planned', async () => {
  await using log = await tempLog();
  const quick: NewEvent = { type: 'way_chosen', way: 'quick' };
  const worker = await movedBy(log, quick, { type: 'phase_set', phase: 'quality', from: 'implementation' });
  worker.file.settings.gates.push('qa', 'plan');
  await applyPhaseEdit(worker);
  expect(worker.writer.state.progress).toMatchObject({ phase: 'implementation', way: 'quick' });
  await record(worker, { type: 'phase_set', phase: 'requirements', from: 'implementation' });
  expect(worker.writer.state.progress).toMatchObject({ phase: 'requirements', way: 'full' });
});

test("a phase written after a block left an iteration open may be an agent's, and is ignored", async () => {
  await using log = await tempLog();
  const worker = await movedBy(log, OPEN);
  expect(await applyPhaseEdit(worker)).toBe(false);
  expect(worker.writer.state.progress.phase).toBe('investigation');
});

test("the overview of an adopted folder does not count as a person's edit before it was first read", async () => {
  await using log = await tempLog();
  const worker = await movedBy(log);
  const state = { ...worker.writer.state, prepared: false };
  const unread = { ...worker, writer: { ...worker.writer, state } } as Worker;
  expect(await applyPhaseEdit(unread)).toBe(false);
});

const LIMITED: NewEvent = { type: 'limited', until: 9e15, guessed: false, provider: 'claude' };
const QUEUED: NewEvent = { type: 'queued', reason: 'full' };
const LEFT: NewEvent = { type: 'worker_left', why: 'blocked' };

test.each([
  ['blocked', [BLOCKED]],
  ['limited', [LIMITED]],
  ['queued', [QUEUED]],
  ['visited by a hundred workers since it was blocked', [BLOCKED, ...Array<NewEvent>(200).fill(LEFT)]],
])('the next worker finds the phase that was written while a session was %s', async (_how, events) => {
  await using log = await tempLog();
  expect(await phaseSetByHand(await movedAfter(log, ...events))).toBe('implementation');
});

test("an overview that the last worker could not write does not count as a person's edit", async () => {
  await using log = await tempLog();
  const worker = await movedBy(log);
  await writeFile(log.paths.sessionLog, '');
  expect(await phaseSetByHand(worker)).toBeUndefined();
});

const GATED = ['qa' as const, 'plan' as const];
const QUICK: NewEvent = { type: 'way_chosen', way: 'quick' };
const PLAN_WAITS: NewEvent = {
  ...{ type: 'parked', for: 'plan_approval', resumePhase: 'implementation' },
  ...{ openQuestions: [], unconfirmed: [], unasked: true },
};
const QUESTION = '# Q&A: x\n\n### Q1: Which?\nA) a\nB) b\n\n**Answer:** _waiting_\n';

interface Edit {
  to: string;
  gates?: typeof GATED | ['qa'];
  events?: NewEvent[];
  qa?: string;
}

/** The phase and way of a session with gates after a person wrote another phase. */
async function edited({ to, gates = GATED, events = [], qa }: Edit) {
  await using log = await tempLog();
  const worker = await movedBy(log, ...events);
  const text = await readFile(log.paths.overview, 'utf8');
  await writeFile(log.paths.overview, text.replace(/^Phase: .*$/m, `Phase: ${to}`));
  if (qa !== undefined) await writeFile(log.paths.qa, qa);
  await applyPhaseEdit({ ...worker, file: { ...worker.file, settings: { ...worker.file.settings, gates } } });
  const { phase, way } = worker.writer.state.progress;
  return `${phase} ${way}`;
}

test.each<[string, Edit, string]>([
  ['to planning, which a gate follows', { to: 'planning' }, 'planning full'],
  ['to planning past an open question', { to: 'planning', qa: QUESTION }, 'investigation full'],
  ['to the work without a plan', { to: 'implementation' }, 'investigation full'],
  ['to the work without a plan or an answer', { to: 'implementation', gates: ['qa'] }, 'investigation full'],
  ['past a plan of the first agent', { to: 'testing', events: [PLAN_WAITS] }, 'investigation full'],
  ['of quick work to its review', { to: 'quality', events: [QUICK] }, 'quality quick'],
  [
    'of quick work past an open question',
    { to: 'quality', events: [QUICK], qa: QUESTION },
    'implementation quick',
  ],
  ['of quick work back to its requirements', { to: 'requirements', events: [QUICK] }, 'requirements full'],
])('a phase that a person sets %s passes no closed gate', async (_, edit, reached) => {
  expect(await edited(edit)).toBe(reached);
});

test('quick work that a person sent back passes both gates before it is work again', async () => {
  const back: NewEvent = { type: 'phase_set', phase: 'requirements', from: 'implementation' };
  expect(await edited({ to: 'implementation', events: [QUICK, back] })).toBe('requirements full');
});
