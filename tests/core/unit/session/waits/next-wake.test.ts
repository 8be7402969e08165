import { expect, test } from 'vitest';
import { fingerprint } from '../../../../../src/core/kernel/files/fingerprint.ts';
import type {
  ControlQuestion,
  StartConditions,
} from '../../../../../src/core/session/events/bodies/positions.ts';
import type { SessionFile } from '../../../../../src/core/session/events/bodies/session-file.ts';
import {
  emptyState,
  type SessionState,
  type WaitingStatus,
} from '../../../../../src/core/session/events/state.ts';
import { type SessionView, viewWithoutWorker } from '../../../../../src/core/session/folder/session-view.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { atRest, type FilesNow, nextWake } from '../../../../../src/core/session/waits/next-wake.ts';
import { openOrder } from '../../../../../src/core/session/waits/start-order.ts';
import { sessionFileSample } from '../../../../support/session-file-sample.ts';

const since = '2026-01-08T10:00:00.000Z';
const NOW_MS = Date.parse(since);
const HOUR_MS = 3_600_000;

const QA = '# Q&A: boats\n\nStatus: waiting\n\n## Round 1\n\n### Q1: Which?\n- A) Old\n- B) New\nAnswer: \n';
const ANSWERED = QA.replace('Answer: ', 'Answer: B');
const phaseLine = (phase: string) => `# Session: boats\n\n## Status\nPhase: ${phase}\n`;

const waiting = (more: Partial<WaitingStatus>): WaitingStatus => ({
  ...{ kind: 'waiting', since, for: 'qa_answers', resumePhase: 'requirements' },
  ...{ openQuestions: ['Q1'], unconfirmed: [], fileHash: fingerprint(QA), ...more },
});
const FOR_FILE = waiting({ for: 'file_update', file: 'data.md', fileHash: 'before' });
const ASKED = waiting({});
const ASKS: ControlQuestion[] = [
  { kind: 'order', question: 'Q1', round: 1, keys: [`boat is blocked ${since}`] },
];
const BLOCKED = { kind: 'blocked', since, reason: 'x', needs: 'human_decision', rule: 'x' } as const;
const LIMITED = { kind: 'limited', since, until: NOW_MS + HOUR_MS, guessed: false } as const;
const DONE = { kind: 'done', since, summary: 'x' } as const;
const QUEUED = { kind: 'queued', since, reason: 'x' } as const;

const begun = (status: SessionState['status'], more: Partial<SessionState> = {}): SessionState => ({
  ...{ ...emptyState(), createdAt: since, prepared: true, status, ...more },
});
const unbegun = (status: SessionState['status'], order?: SessionState['order']): SessionState =>
  begun(status, { prepared: false, order, ...(status === ASKED && { asks: ASKS }) });

interface Files extends FilesNow {
  order?: StartConditions;
  gateChannels?: SessionFile['settings']['gateChannels'];
}

const boat = (status: SessionState['status'], more: Partial<SessionView> = {}): SessionView => ({
  ...viewWithoutWorker(sessionPaths('/sessions', 'boat'), begun(status), []),
  ...more,
});
const after = { order: { after: 'boat' } };

interface Row {
  state: SessionState;
  files?: Files;
  others?: SessionView[];
  limitLeftMs?: number;
  restedMs?: () => number;
}

const REWIND: SessionState['work'] = {
  ...{ kind: 'rewind', n: 1, by: { channel: 'cli' }, to: 0, commit: 'c', isHalfway: true },
  back: { progress: emptyState().progress, answers: [], oldRounds: 0, oldPlans: [] },
};
const OPEN_ITERATION = { iteration: 1 } as SessionState['openIteration'];

test.each<[string, Row, object]>([
  ['answers that are all typed', { state: begun(waiting({})), files: { qa: ANSWERED } }, { kind: 'answers' }],
  [
    'answers that were typed a second ago',
    { state: begun(waiting({})), files: { qa: ANSWERED }, restedMs: () => 1000 },
    { leftMs: 29_000 },
  ],
  [
    'answers that were typed and marked as complete a second ago',
    {
      state: begun(waiting({})),
      ...{ files: { qa: ANSWERED.replace('Status: waiting', 'Status: answered') }, restedMs: () => 1000 },
    },
    { leftMs: 1000 },
  ],
  ['questions as they were at parking', { state: begun(waiting({})), files: { qa: QA } }, {}],
  ['a question that is still open', { state: begun(waiting({ fileHash: 'x' })), files: { qa: QA } }, {}],
  [
    'answers in a file that may open no gate',
    { state: begun(waiting({})), files: { qa: ANSWERED, gateChannels: ['cli'] } },
    {},
  ],
  ['an awaited file that changed', { state: begun(FOR_FILE), files: { awaited: 'after' } }, { kind: 'file' }],
  ['an awaited file that is gone', { state: begun(FOR_FILE), files: { awaited: '' } }, { kind: 'file' }],
  ['an awaited file as it was', { state: begun(FOR_FILE), files: { awaited: 'before' } }, {}],
  ...(
    [
      ['waiting', waiting({})],
      ['blocked', BLOCKED],
    ] as const
  ).flatMap(
    ([name, status]): Array<[string, Row, object]> => [
      [
        `another phase in the overview of a ${name} session`,
        { state: begun(status), files: { overview: phaseLine('testing') } },
        { kind: 'phase', phase: 'testing' },
      ],
      [
        `the phase of a ${name} session`,
        { state: begun(status), files: { overview: phaseLine('init') } },
        {},
      ],
      [
        `another phase in a ${name} session whose rewind failed halfway`,
        { state: begun(status, { work: REWIND }), files: { overview: phaseLine('testing') } },
        {},
      ],
      [
        `another phase in a ${name} session with an open iteration`,
        {
          state: begun(status, { openIteration: OPEN_ITERATION }),
          files: { overview: phaseLine('testing') },
        },
        {},
      ],
      [
        `another phase in a ${name} session that has not begun`,
        { state: unbegun(status), files: { overview: phaseLine('testing') } },
        {},
      ],
    ],
  ),
  [
    'answers and another phase at once',
    { state: begun(waiting({})), files: { qa: ANSWERED, overview: phaseLine('testing') } },
    { kind: 'answers' },
  ],
  [
    'a limit that is over',
    { state: begun(LIMITED), limitLeftMs: 0 },
    { kind: 'limit', until: LIMITED.until },
  ],
  ['a limit', { state: begun(LIMITED), limitLeftMs: 5 }, { leftMs: 5 }],
  ['a slot', { state: begun(QUEUED) }, { kind: 'turn' }],
  [
    'a session that is done',
    { state: unbegun(QUEUED), files: after, others: [boat(DONE)] },
    { kind: 'begin' },
  ],
  ['its start, not queued yet', { state: unbegun({ kind: 'starting', since }) }, {}],
  [
    'a session that is done, at its first step',
    { state: unbegun({ kind: 'starting', since }), files: after, others: [boat(DONE)] },
    { kind: 'begin' },
  ],
  ['a session that works', { state: unbegun(QUEUED), files: after, others: [boat(QUEUED)] }, {}],
  [
    'a session that is blocked',
    { state: unbegun(QUEUED), files: after, others: [boat(BLOCKED)] },
    { kind: 'ask', about: 'boat is blocked', key: `boat is blocked ${since}` },
  ],
  [
    'a session that is blocked, and its person keeps waiting',
    {
      state: unbegun(QUEUED, { keptFor: `boat is blocked ${since}` }),
      ...{ files: after, others: [boat(BLOCKED)] },
    },
    {},
  ],
  [
    'a session that is blocked, and its person starts it anyway',
    { state: unbegun(QUEUED, { startsAnyway: true }), files: after, others: [boat(BLOCKED)] },
    { kind: 'begin' },
  ],
  [
    'an order that is over',
    { state: unbegun(QUEUED, { isOver: true }), files: after, others: [boat(DONE)] },
    { kind: 'turn' },
  ],
  ['a time that has come', { state: unbegun(QUEUED), files: { order: { at: NOW_MS } } }, { kind: 'begin' }],
  ['a time', { state: unbegun(QUEUED), files: { order: { at: NOW_MS + HOUR_MS } } }, { leftMs: HOUR_MS }],
  [
    'a session that is done, and a time',
    { state: unbegun(QUEUED), files: { order: { after: 'boat', at: NOW_MS + 1 } }, others: [boat(DONE)] },
    { leftMs: 1 },
  ],
  [
    'a merge that git does not show',
    { state: unbegun(QUEUED), files: { order: { afterMerge: 'boat' } }, others: [boat(DONE)] },
    {},
  ],
  [
    'a merge that git shows',
    {
      state: unbegun(QUEUED),
      files: { order: { afterMerge: 'boat' } },
      others: [boat(DONE, { isInBase: true })],
    },
    { kind: 'begin' },
  ],
  ['an answer about its order', { state: unbegun(ASKED), files: after, others: [boat(BLOCKED)] }, {}],
  [
    'an answer about its order that is typed',
    { state: unbegun(ASKED), files: { ...after, qa: ANSWERED }, others: [boat(BLOCKED)] },
    { kind: 'answers' },
  ],
  [
    'an answer about its order, although the other session goes on',
    { state: unbegun(ASKED), files: { ...after, qa: ANSWERED }, others: [boat(QUEUED)] },
    { kind: 'withdraw', asked: { question: 'Q1' } },
  ],
  ['nothing', { state: begun(DONE) }, {}],
])(
  'what is due for a session that waits for %s',
  (_what, { state, files = {}, others = [], ...now }, due) => {
    const notYet = { kind: 'not_yet', leftMs: Number.POSITIVE_INFINITY };
    const { order, gateChannels, ...read } = files;
    const { settings, ...sample } = sessionFileSample({ folder: 'sails' });
    const session = { ...sample, settings: { ...settings, ...(gateChannels && { gateChannels }) } };
    const waits = atRest({ paths: sessionPaths('/sessions', 'sails'), state }, openOrder(state, order));
    const seen = { state, session, files: read, others };
    const judged = nextWake(waits ?? { for: 'nothing' }, seen, {
      atMs: NOW_MS,
      restedMs: () => 30_000,
      ...now,
    });
    expect(judged).toMatchObject({ ...('kind' in due ? {} : notYet), ...due });
  },
);
