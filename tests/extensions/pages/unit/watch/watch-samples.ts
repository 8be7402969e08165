import { expect } from 'vitest';
import type { ShownSession } from '../../../../../src/core/acts/reading/watch-sessions.act.ts';
import type { SessionReport } from '../../../../../src/core/caller/facts/get-status.ts';
import { type SessionFacts, sessionFacts } from '../../../../../src/core/caller/facts/session-facts.ts';
import { shortNames } from '../../../../../src/core/faces/terminal/short-names.ts';
import { byPlace, newRow, type SessionRow } from '../../../../../src/extensions/pages/rows/row.ts';
import type { WatchModel } from '../../../../../src/extensions/pages/watch/press.ts';
import { STATES, STATES_NOW } from '../../../../support/session-states.ts';

export const NOW = Date.parse('2026-01-08T12:00:00Z');

type Sample = Pick<SessionFacts, 'session' | 'state' | 'phase' | 'since'> & Partial<SessionFacts>;

const ago = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString();

const SAMPLES: readonly Sample[] = [
  {
    ...{ session: '26-01-08-add-jwt-auth', state: 'waiting', phase: 'requirements', since: ago(12) },
    ...{ for: 'qa_answers', openQuestions: ['Q1', 'Q2'], needsHuman: true, costUsd: 0.42 },
    task: 'Add JWT auth to the API, so that whoever signs in may name a boat 船, in every language that it supports',
    ...{ branch: 'add-jwt-auth', base: 'main', spent: '$0.42 of $5.00, 40000 tokens', iteration: 4 },
    next: [{ act: 'answer_questions', session: '26-01-08-add-jwt-auth' }],
  },
  {
    ...{
      session: '26-01-08-船に降ろすコマンドを追加する',
      state: 'waiting',
      phase: 'planning',
      since: ago(3),
    },
    ...{ for: 'plan_approval', needsHuman: true, costUsd: 1.1 },
  },
  {
    ...{
      session: '26-01-08-שלום-עולם',
      state: 'blocked',
      phase: 'testing',
      since: ago(200),
      needsHuman: true,
    },
    says: { reason: 'The limit of 20 iterations in testing is reached' },
  },
  {
    ...{
      session: '26-01-08-🚀-rocket',
      state: 'running',
      phase: 'implementation',
      since: ago(42),
      costUsd: 3.1,
    },
    ...{ activity: 'running npm test -- --project unit tests/session/qa.test.ts', worker: 'working' },
    worktree: '/worktrees/rocket',
  },
  {
    ...{ session: '26-01-08-replace-the-authentication-layer-of-the-public-api', state: 'running' },
    ...{ phase: 'quality', since: ago(75), costUsd: 12.5, activity: 'reads src/api.ts', stalled: true },
    worker: 'working',
  },
  {
    ...{ session: '26-01-07-limits', state: 'limited', phase: 'implementation', since: ago(60) },
    until: new Date(NOW + 58 * 60_000).toISOString(),
  },
  {
    session: '26-01-07-queue',
    state: 'queued',
    phase: 'init',
    since: ago(1),
    says: { reason: '3 of 3 slots are taken' },
  },
  {
    session: '26-01-06-boats',
    state: 'done',
    phase: 'done',
    since: ago(3000),
    says: { summary: 'Boats have names' },
    costUsd: 0.9,
  },
  {
    session: '26-01-05-boats',
    state: 'stopped',
    phase: 'testing',
    since: ago(9000),
    says: { reason: 'asked by you' },
  },
];

const BASE = {
  id: '0a1b2',
  iteration: 12,
  phaseIteration: 1,
  cursor: '7',
  isDying: false,
  summary: '',
  needsHuman: false,
  worker: 'none needed',
  next: [{ act: 'list' }],
} as const;

/** The judge asks the session itself, which each sample takes from a state like it. */
function sessionLike({
  state,
  for: waitsFor,
  worktree,
  iteration = 12,
}: Partial<SessionFacts>): ShownSession {
  const isLike = ({ view: { state: now } }: SessionReport) =>
    now.status.kind === state && (now.status.kind !== 'waiting' || now.status.for === waitsFor);
  const [, report] = STATES.find(([, each]) => isLike(each)) ?? expect.fail(`no state like ${state}`);
  const { view } = report;
  const progress = { ...view.state.progress, totalIterations: iteration };
  const place =
    worktree === undefined ? undefined : { path: worktree, branch: 'b', base: 'main', baseCommit: 'c' };
  const now = { ...view.state, progress, worktree: place, archived: false };
  return { ...report, view: { ...view, state: now }, projectDir: '/code/harbour' };
}

const NAMES = shortNames(SAMPLES.map(({ session }) => session));

export const ROWS = SAMPLES.map((sample, index): SessionRow => {
  const projectDir = index % 2 === 0 ? '/code/harbour' : '/code/fleet';
  const facts = { ...BASE, sessionDir: '/sessions', runDir: '/run', createdAt: ago(500 + index), ...sample };
  const row = newRow({ ...sessionLike(sample), projectDir }, { facts, name: NAMES[index] ?? '' });
  return { ...row, key: sample.session };
}).sort(byPlace);

export const MODEL: WatchModel = {
  rows: ROWS,
  nowMs: NOW,
  details: {
    key: '26-01-08-add-jwt-auth',
    totalCommits: 2,
    commits: [
      { hash: '1a2b3c4d5e6f', subject: 'Check the token 船', committedAt: ago(20) },
      { hash: '2b3c4d5e6f7a', subject: 'Add a \u001b[2Jroute', committedAt: ago(30) },
    ],
    tail: [
      ...Array.from({ length: 30 }, (_, index) => `[01-08 11:${10 + index}] iteration ${index} ended: done`),
      '  runs: npm test\t-- --project unit\u001b]0;owned\u0007ok \u202Etxt.exe',
    ],
  },
};

/** A session in every state, which its name says. */
const ROWS_OF_STATES = STATES.map(([state, report]) => {
  const facts = {
    ...sessionFacts(report.view, report),
    session: `26-01-08-${state.replaceAll(' ', '-')}`,
  };
  const row = newRow(
    { ...report, projectDir: '/fleet' },
    { facts, name: facts.session.slice('26-01-08-'.length) },
  );
  return { ...row, key: facts.session };
});

export const FACTS_OF_STATES: readonly SessionFacts[] = ROWS_OF_STATES.map(({ facts }) => facts);

export const MODEL_OF_STATES: WatchModel = {
  rows: ROWS_OF_STATES.toSorted(byPlace),
  nowMs: STATES_NOW,
};
