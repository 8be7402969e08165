import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyState, type Status } from '../../../../../src/core/session/events/state.ts';
import type { SessionView } from '../../../../../src/core/session/folder/session-view.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { type Waits, waitsFor } from '../../../../../src/core/session/waits/next-wake.ts';
import { sessionFileSample } from '../../../../support/session-file-sample.ts';

const OURS = 'ours';
const since = '2026-01-08T10:00:00.000Z';
const paths = sessionPaths('/sessions', 's');
const owner = { pid: 1, startTicks: '1', bootId: 'b', pidNamespace: 'n', hostId: 'elsewhere' };

const WAITING = {
  kind: 'waiting' as const,
  since,
  resumePhase: 'planning' as const,
  openQuestions: [],
  unconfirmed: [],
};
const LIMITED = { kind: 'limited', since, until: 1, guessed: false, provider: 'claude' } as const;
const STATUSES: Record<string, Status> = {
  starting: { kind: 'starting', since },
  running: { kind: 'running', since },
  queued: { kind: 'queued', since, reason: 'full' },
  'queued for its order': { kind: 'queued', since, reason: 'starts later', order: { at: 1 } },
  limited: LIMITED,
  'waiting for answers': { ...WAITING, for: 'qa_answers' },
  'waiting for an approval': { ...WAITING, for: 'plan_approval' },
  'waiting for a file': { ...WAITING, for: 'file_update', file: 'data.md' },
  'waiting for an act': { ...WAITING, for: 'human_action' },
  blocked: { kind: 'blocked', since, reason: 'x', needs: 'human_decision', rule: 'x' },
  stopped: { kind: 'stopped', since, by: { channel: 'cli' }, why: 'x' },
  done: { kind: 'done', since, summary: 'x' },
};

const OVER: ReadonlySet<string> = new Set(['stopped', 'done']);

type Description = string;

function words(waits: Waits): Description {
  if (waits.for === 'person') return `person: ${waits.why}`;
  if (waits.for !== 'edit') return waits.for;
  return `edit ${waits.files.map((file) => file.replace(`${paths.sessionDir}/`, '')).join(' ')}`;
}

type More = Omit<Partial<SessionView>, 'sessionFile'> & { sessionFile?: undefined; by?: string | null };

/** As folded: whether a worker is wanted follows from the status, an open iteration and commands. */
function viewOf(name: string, { by = OURS, ...more }: More = {}): SessionView {
  const status = STATUSES[name] ?? { kind: 'starting', since };
  const wants = status.kind === 'starting' || status.kind === 'running';
  return {
    ...{ folder: 's', paths, sessionFile: sessionFileSample(), worker: 'none', problems: [] },
    state: { ...emptyState(), createdAt: since, prepared: !name.includes('its order'), status },
    pendingCommands: [],
    wantsWorker: wants || (more.pendingCommands ?? []).length > 0,
    needsWorker: false,
    ...(by !== null && { lease: { v: 1, number: 1, owner, supervisor: by, acquiredAt: since } }),
    ...more,
  } as SessionView;
}

const waitsOf = (name: string, more?: More): Description => words(waitsFor(viewOf(name, more), OURS));

/** Rows: the status. Columns: no worker and nothing pending; commands; an open iteration; another identity's lease. */
const TABLE: Array<[string, Description, Description, Description, Description]> = [
  ['starting', 'revival', 'commands', 'revival', 'person: other_supervisor'],
  ['running', 'revival', 'commands', 'revival', 'person: other_supervisor'],
  ['queued', 'turn', 'commands', 'revival', 'person: other_supervisor'],
  ['queued for its order', 'order', 'commands', 'revival', 'person: other_supervisor'],
  ['limited', 'limit', 'commands', 'revival', 'person: other_supervisor'],
  ['waiting for answers', 'edit _overview.md _qa.md', 'commands', 'revival', 'person: other_supervisor'],
  ['waiting for an approval', 'edit _overview.md', 'commands', 'revival', 'person: other_supervisor'],
  ['waiting for a file', 'edit _overview.md data.md', 'commands', 'revival', 'person: other_supervisor'],
  ['waiting for an act', 'edit _overview.md', 'commands', 'revival', 'person: other_supervisor'],
  ['blocked', 'edit _overview.md', 'commands', 'revival', 'person: other_supervisor'],
  ['stopped', 'nothing', 'commands', 'nothing', 'nothing'],
  ['done', 'nothing', 'commands', 'revival', 'nothing'],
];

test.each(TABLE)(
  'a session that is %s waits for %s',
  (name, parked, withCommands, withIteration, ofOthers) => {
    expect(waitsOf(name)).toBe(parked);
    expect(waitsOf(name, { pendingCommands: ['x'] })).toBe(withCommands);
    // A stopped session keeps its iteration open but needs no worker for it.
    expect(waitsOf(name, { wantsWorker: name !== 'stopped' })).toBe(withIteration);
    expect(waitsOf(name, { by: 'another' })).toBe(ofOthers);
  },
);

test.each(Object.keys(STATUSES))(
  'a session that is %s waits for its worker, whatever else is true',
  (name) => {
    for (const pendingCommands of [[], ['x']]) {
      expect(waitsOf(name, { worker: 'alive', pendingCommands })).toBe('its_worker');
      expect(waitsOf(name, { worker: 'alive', pendingCommands, by: 'another' })).toBe('its_worker');
      if (pendingCommands.length > 0 || !OVER.has(name))
        expect(waitsOf(name, { worker: 'unknowable', pendingCommands })).toBe('person: unseen');
    }
  },
);

test('a finished session whose worker elsewhere never released its lease needs no person', () => {
  for (const name of OVER) expect(waitsOf(name, { worker: 'unknowable' })).toBe('nothing');
});

test.each(Object.keys(STATUSES))(
  "commands of another identity's session that is %s are not taken",
  (name) => {
    expect(waitsOf(name, { by: 'another', pendingCommands: ['x'] })).toBe('person: other_supervisor');
  },
);

test('a session without a lease has not started and belongs to this supervisor', () => {
  expect(waitsOf('starting', { by: null })).toBe('revival');
  expect(waitsOf('starting', { by: null, pendingCommands: ['x'] })).toBe('commands');
});

test('a session that cannot be continued needs a person', () => {
  expect(waitsOf('running', { sessionFile: undefined })).toBe('person: lost');
  expect(waitsOf('running', { isUnreadable: true })).toBe('person: lost');
  expect(waitsOf('running', { otherBuild: { is: 'newer', trace: 'format 9' } })).toBe('person: newer');
  expect(waitsOf('starting', { wantsWorker: false })).toBe('person: lost');
  // Its event log was moved away.
  expect(waitsOf('running', { wantsWorker: false })).toBe('person: lost');
});

test('an archived session waits for nothing, unless it has a command', () => {
  const { state } = viewOf('waiting for answers');
  const archived = { state: { ...state, archived: true } };
  expect(waitsOf('waiting for answers', archived)).toBe('nothing');
  expect(waitsOf('waiting for answers', { ...archived, pendingCommands: ['x'] })).toBe('commands');
});

test('the awaited file is in the session folder', () => {
  const waits = waitsFor(viewOf('waiting for a file'), OURS);
  expect(waits).toEqual({ for: 'edit', files: [paths.overview, join(paths.sessionDir, 'data.md')] });
});
