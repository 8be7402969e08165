import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { applyPhaseEdit, phaseSetByHand } from '../../../../src/core/worker/commands/phase-edit.ts';
import { Projector } from '../../../../src/core/worker/documents/projector.ts';
import { record, type Worker } from '../../../../src/core/worker/state/worker.ts';
import { createdEvent, sessionFileSample } from '../../../support/session-file-sample.ts';
import { type TempLog, tempLog } from '../../../support/temp-log.ts';

const BLOCKED: NewEvent = {
  ...{
    type: 'blocked',
    phase: 'investigation',
    reason: 'r',
    needs: 'error_resolution',
    rule: 'file_refused',
  },
};
const BEGUN: NewEvent[] = [createdEvent(), { type: 'prepared', phase: 'investigation', warnings: [] }];
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
  const { writer } = await log.open();
  const sample = sessionFileSample({ folder: paths.folder, sessionsDir: paths.sessionsDir });
  const file = { ...sample, settings: { ...sample.settings, gates: [] } };
  // These tests use neither git nor agents.
  const worker = { paths, file, writer, projector: new Projector(paths, file) } as Partial<Worker> as Worker;
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
