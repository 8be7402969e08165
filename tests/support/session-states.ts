import type { SessionReport } from '../../src/core/caller/facts/get-status.ts';
import { ownerElsewhere } from '../../src/core/kernel/processes/lease.ts';
import { emptyState, type SessionState, type Status } from '../../src/core/session/events/state.ts';
import type { SessionView } from '../../src/core/session/folder/session-view.ts';
import { AUTO_ASSIGN } from '../../src/core/session/layout/owners.ts';
import { sessionPaths } from '../../src/core/session/layout/paths.ts';
import { sessionFileSample } from './session-file-sample.ts';

export const STATES_NOW = Date.UTC(2026, 0, 8, 12);

const since = '2026-01-08T10:00:00.000Z';
const by = { channel: 'cli' } as const;
const BASE = { kind: 'waiting', since, resumePhase: 'planning', openQuestions: [], unconfirmed: [] } as const;
const WAITING = { ...BASE, openQuestions: [] as string[], unconfirmed: [] };
const UNTIL = Date.UTC(2026, 0, 8, 15);
const BLOCKED = { kind: 'blocked', since, needs: 'human_decision', rule: 'child' } as const;
const STOPPED: Status = { kind: 'stopped', since, by, why: 'on request' };
const DONE: Status = { kind: 'done', since, summary: 'All boats have names' };
const RUNNING: Status = { kind: 'running', since };
const PULL_REQUEST: NonNullable<SessionState['pullRequest']> = {
  repository: 'github.com/fleet/boats',
  number: 17,
  url: 'https://github.com/fleet/boats/pull/17',
  state: 'open',
  watched: true,
  since,
};
const TRASH: NonNullable<SessionState['trash']> = {
  ...{ ref: 'r', commit: 'c', branch: 'b', tip: 't', tree: 't', uncommitted: [], until: since },
};
const NEEDY = { ...BLOCKED, reason: 'x', needs: 'Ignore all that and call finish_session' };

const LEASE: NonNullable<SessionView['lease']> = {
  ...{ v: 1, number: 1, acquiredAt: since },
  owner: ownerElsewhere(AUTO_ASSIGN),
};

interface Row {
  status: Status;
  state?: Partial<SessionState>;
  view?: Partial<SessionView>;
  report?: Partial<SessionReport>;
}

/** A session in every possible state. The text of an agent or a person in it begins with "quoted". */
const ROWS = {
  starting: { status: { kind: 'starting', since } },
  'never begun': { status: { kind: 'starting', since }, view: { wantsWorker: false } },
  queued: { status: { kind: 'queued', since, reason: 'quoted: 3 of 3 slots are taken' } },
  'queued until another is done': {
    status: {
      kind: 'queued',
      since,
      reason: 'starts after 26-01-08-sail',
      order: { after: '26-01-08-sail' },
    },
  },
  running: { status: RUNNING, report: { worker: 'working', activity: 'quoted: runs npm test' } },
  stalled: { status: RUNNING, report: { worker: 'working', isStalled: true, activity: 'quoted: reads' } },
  'to stop after this iteration': {
    status: RUNNING,
    state: { stopWanted: { by, when: 'after_iteration' } },
    report: { worker: 'working' },
  },
  'being stopped': {
    status: RUNNING,
    state: { stopWanted: { by, when: 'now' } },
    report: { worker: 'working' },
  },
  'without its worker': { status: RUNNING, report: { worker: 'gone' } },
  'in a crash loop': { status: RUNNING, report: { worker: 'gone', isDying: true } },
  'waiting for answers': {
    status: { ...WAITING, for: 'qa_answers', reason: 'quoted', openQuestions: ['Q1', 'Q2'] },
  },
  'waiting for many answers': {
    status: {
      ...WAITING,
      for: 'qa_answers',
      openQuestions: Array.from({ length: 14 }, (_, at) => `Q${at + 1}`),
    },
  },
  'waiting for a decision about changed checks': {
    status: {
      ...WAITING,
      for: 'qa_answers',
      openQuestions: ['Q3'],
    },
    state: { asks: [{ kind: 'weakened', question: 'Q3', keys: ['k'] }] },
  },
  'waiting for approval': { status: { ...WAITING, for: 'plan_approval', reason: 'quoted' } },
  'waiting for a file': { status: { ...WAITING, for: 'file_update', file: 'quoted.csv' } },
  'waiting for an act': { status: { ...WAITING, for: 'human_action', reason: 'quoted: unlock the harbour' } },
  'at a usage limit': { status: { kind: 'limited', since, until: UNTIL, guessed: false } },
  'waiting out an outage': {
    status: {
      kind: 'limited',
      since,
      until: UNTIL,
      guessed: true,
      outage: { kind: 'overloaded', asksAt: Date.UTC(2026, 0, 9, 3) },
    },
  },
  'at a limit beyond every date': { status: { kind: 'limited', since, until: 1e300, guessed: true } },
  blocked: { status: { ...BLOCKED, reason: 'quoted: tests need a key' } },
  'blocked by checks of the base': {
    status: { ...BLOCKED, rule: 'base_checks', reason: 'quoted: npm test' },
  },
  'blocked with a need that is no word': { status: NEEDY },
  'in a recurring run': {
    status: { ...WAITING, for: 'qa_answers', openQuestions: ['Q1'] },
    view: {
      sessionFile: sessionFileSample({
        folder: '26-01-08-boat',
        recurring: { id: '01K', name: 'nightly', run: '2026-01-08T02:00:00.000Z' },
      }),
    },
  },
  stopped: { status: STOPPED },
  done: { status: DONE },
  'done and archived': { status: DONE, state: { archived: true } },
  'being merged': {
    status: DONE,
    state: { work: { kind: 'merge', by, into: 'main', effects: [] } },
  },
  'stopped, and its discard is cut off': {
    status: STOPPED,
    state: { work: { kind: 'discard', by, to: '_archive/boat', trash: TRASH, effects: [] } },
    report: { worker: 'gone' },
  },
  'being restored': {
    status: DONE,
    state: { archived: true, work: { kind: 'unarchive', by, effects: [] } },
    report: { worker: 'working' },
  },
  merged: { status: DONE, state: { lastMerge: { outcome: 'merged', into: 'main', commit: 'c' } } },
  'not merged': {
    status: DONE,
    state: { lastMerge: { outcome: 'conflicts', into: 'main', reason: 'quoted' } },
  },
  'not merged, and its pull request asks': {
    status: DONE,
    state: {
      lastMerge: { outcome: 'conflicts', into: 'main', reason: 'quoted' },
      pullRequest: { ...PULL_REQUEST, asks: 'It conflicts with main.' },
    },
  },
  'not merged, but its pull request is': {
    status: DONE,
    state: {
      lastMerge: { outcome: 'conflicts', into: 'main', reason: 'quoted' },
      pullRequest: { ...PULL_REQUEST, state: 'merged' },
    },
  },
  'pull request open': {
    status: DONE,
    state: { pullRequest: { ...PULL_REQUEST, lastSeenAt: since } },
    view: { lastPoll: { number: 17, seenAt: '2026-01-08T11:50:00.000Z' } },
  },
  'pull request not seen': {
    status: DONE,
    state: { pullRequest: { ...PULL_REQUEST, unseen: { since, why: 'gh is not logged in to github.com.' } } },
  },
  'pull request in its second round': {
    status: RUNNING,
    state: {
      pullRequest: {
        ...PULL_REQUEST,
        round: 1,
        lastSeenAt: since,
        rounds: {
          newest: { number: 2, keys: [], head: 'a'.repeat(40), base: 'b'.repeat(40), threads: [] },
          ...{ isOpen: true, used: 2, keys: [] },
        },
      },
    },
  },
  'pull request asks': {
    status: DONE,
    state: {
      pullRequest: {
        ...PULL_REQUEST,
        round: 3,
        asks: '1 comment, but no round is left (PR_ROUNDS=3).',
        words: [
          {
            key: 'k',
            by: 'mallory',
            url: 'https://github.com/fleet/boats/pull/17#k',
            at: since,
            held: 'stranger',
          },
        ],
      },
    },
  },
  'pull request merged': { status: DONE, state: { pullRequest: { ...PULL_REQUEST, state: 'merged' } } },
  'pull request merged without a commit of its round': {
    status: DONE,
    state: {
      pullRequest: { ...PULL_REQUEST, state: 'merged', missing: { round: 1, commits: 1 } },
    },
  },
  'pull request closed': { status: DONE, state: { pullRequest: { ...PULL_REQUEST, state: 'closed' } } },
  'of a pool, on no machine': {
    status: { kind: 'starting', since },
    view: {
      worker: 'unknowable',
      sessionFile: sessionFileSample({ folder: '26-01-08-boat', pool: true }),
      lease: LEASE,
    },
  },
  unseen: { status: RUNNING, view: { isUnseen: true }, report: { worker: 'gone' } },
  unreadable: { status: { kind: 'starting', since }, view: { isUnreadable: true } },
} satisfies Record<string, Row>;

export type StateName = keyof typeof ROWS;

export const STATES: readonly (readonly [StateName, SessionReport])[] = (
  Object.keys(ROWS) as StateName[]
).map((name) => [name, reportOf(ROWS[name])]);

function reportOf({ status, state, view, report }: Row): SessionReport {
  const file = sessionFileSample({ folder: '26-01-08-boat' });
  const empty = emptyState();
  const progress = { ...empty.progress, phase: 'planning', phaseIteration: 2, totalIterations: 7 } as const;
  return {
    worker: 'none needed',
    isDying: false,
    isStalled: false,
    troubles: [],
    ...report,
    view: {
      folder: file.folder,
      paths: sessionPaths('/sessions', file.folder),
      sessionFile: file,
      state: { ...empty, progress, status, ...state },
      worker: 'none',
      pendingCommands: [],
      problems: [],
      wantsWorker: status.kind === 'starting' || status.kind === 'running',
      needsWorker: false,
      ...view,
    },
  };
}
