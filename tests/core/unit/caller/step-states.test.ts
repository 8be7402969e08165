import { expect, test } from 'vitest';
import { closedTo, gateRuleOf } from '../../../../src/core/caller/commands/early-refusal.ts';
import type { SessionReport } from '../../../../src/core/caller/facts/get-status.ts';
import { sessionFacts } from '../../../../src/core/caller/facts/session-facts.ts';
import { nextCalls } from '../../../../src/core/caller/facts/step-texts.ts';
import { nextCommandsOf } from '../../../../src/core/faces/terminal/json-facts.ts';
import type { NextStep } from '../../../../src/core/kernel/acts.ts';
import { CHANNELS, PERSONAL } from '../../../../src/core/kernel/phases/channels.ts';
import {
  judgeArchive,
  judgeDiscard,
  judgeMerge,
  judgePullRequest,
  judgeUnarchive,
} from '../../../../src/core/session/commands/judge-finish.ts';
import {
  judgeAnswer,
  judgeApprove,
  judgeRequestChanges,
} from '../../../../src/core/session/commands/judge-gates.ts';
import { judgeKind } from '../../../../src/core/session/commands/judge-kind.ts';
import { judgeRound } from '../../../../src/core/session/commands/judge-round.ts';
import { judgeMessage, judgeResume, judgeStop } from '../../../../src/core/session/commands/judge-running.ts';
import { planHash } from '../../../../src/core/session/documents/plan.ts';
import { questionsHash } from '../../../../src/core/session/documents/qa.ts';
import type { By, Channel } from '../../../../src/core/session/events/bodies/who-acted.ts';
import { endNow } from '../../../../src/core/session/events/open-work.ts';
import { nextRound } from '../../../../src/core/session/events/rounds.ts';
import type { Status, WaitingStatus } from '../../../../src/core/session/events/state.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { STATES } from '../../../support/session-states.ts';

/** What a face asks for by a call or a command line: its name, and what follows the name. */
interface Asked {
  name: string;
  args: string;
  by: By;
}

type Verdict = { kind: 'accepted' } | { kind: 'refused'; error: { code: string } } | undefined;
type Judge = (asked: Asked, report: SessionReport) => Verdict | Verdict[];

const PLAN = '# Plan\n\n## Phase 1: Float\n- [ ] Build\n';
const HASH = planHash(PLAN);

const answer: Judge = ({ by }, { view }) => {
  const { openQuestions: open = [] } = view.state.status as Partial<WaitingStatus>;
  const questions = open.map((id) => ({ id, text: 'Which?', options: [], round: 1 }));
  const answers = open.slice(0, 1).map((id) => ({ id, text: 'this' }));
  const facts = { questions, open, unconfirmed: [], ...gateRuleOf(view) };
  const command = { by, hash: questionsHash(facts), answers, acceptSuggestions: false, confirmTyped: false };
  return judgeAnswer(command, view.state, facts);
};

const approve: Judge = ({ by }, { view }) => {
  const plan = { name: 'plan.md', text: PLAN, hash: HASH };
  return judgeApprove({ by, hash: HASH }, view.state, { plan, ...gateRuleOf(view) });
};

const changes: Judge = ({ by }, { view }) =>
  judgeRequestChanges({ by, feedback: 'Longer' }, view.state, gateRuleOf(view));

const round: Judge = ({ by }, { view: { state, ...view } }) => {
  const asked = { number: nextRound(state), keys: [], head: 'a', base: 'b', threads: [] };
  return judgeRound({ by, round: asked, byHand: true }, state, gateRuleOf({ state, ...view }));
};

const resume: Judge = (asked, report) => {
  if (asked.args.includes('pull_request')) return round(asked, report);
  const goal = asked.args.includes('goal') ? 'More boats' : undefined;
  const verdict = judgeResume({ by: asked.by, goal }, report.view.state);
  // The act starts a worker where none lives.
  const isRevived = report.worker === 'gone' && goal === undefined;
  return verdict.kind === 'refused' && verdict.error.code === 'already_running' && isRevived
    ? undefined
    : verdict;
};

const COMMITTED = { into: 'main', ahead: 1, sinceBase: 1, isTaken: false, names: [] };

const archive: Judge = (_asked, { view }) =>
  judgeArchive({ what: 'session', keep: [] }, view.state, COMMITTED);
const unarchive: Judge = (_asked, { view }) => judgeUnarchive(view.state, COMMITTED);

/** Named without a way, it needs one that is open. */
const finish: Judge = (asked, report) => {
  if (asked.args.includes('keep_branch')) return archive(asked, report);
  const { view } = report;
  const worktree = { path: '/w', branch: 'b', base: 'main', baseCommit: 'c' };
  const state = { ...view.state, worktree };
  const rule = { by: asked.by, ...gateRuleOf(view) };
  const ways = [
    archive(asked, report),
    judgeDiscard(rule, state, COMMITTED),
    judgeMerge(rule, state, COMMITTED),
    judgePullRequest(rule, state, COMMITTED),
  ].flat();
  return ways.find((way) => way?.kind === 'accepted') ?? ways;
};

const stop: Judge = (_asked, { view }) => judgeStop(view.state);
const message: Judge = (_asked, { view }) => judgeMessage({ text: 'Mind the sail' }, view.state);
const KINDS = {
  answer: ['answer', answer],
  approve: ['approve', approve],
  changes: ['request_changes', changes],
  resume: ['resume', resume],
  round: ['round', round],
  finish: ['archive', finish],
  archive: ['archive', archive],
  unarchive: ['unarchive', unarchive],
  stop: ['stop', stop],
  message: ['message', message],
} as const;

/** The worker's judge of each tool and command; undefined for what only reads, or is judged by what it reads. */
const JUDGED: Readonly<Record<string, keyof typeof KINDS | undefined>> = {
  ...{ answer_qa: 'answer', approve_plan: 'approve', request_changes: 'changes', resume_session: 'resume' },
  ...{ finish_session: 'finish', stop_session: 'stop', send_message: 'message' },
  ...Object.fromEntries(Object.keys(KINDS).map((name) => [name, name])),
  ...{ wait: undefined, get_status: undefined, read_qa: undefined, read_plan: undefined },
  ...{ log: undefined, status: undefined, plan: undefined, report: undefined, verify: undefined },
  ...{ takeover: undefined, pool: undefined },
};

const TOOLS = Object.keys(JUDGED).filter((name) => name.includes('_') || name === 'wait');

/** What the words of a face ask for. A form that the client shows makes an answer or an approval the user's own. */
function askedIn(text: string, channels: readonly Channel[]): Asked[] {
  const tool = channels.includes('tool') ? 'tool' : 'elicitation';
  const calls = [...text.matchAll(new RegExp(`\\b(${TOOLS.join('|')})\\b(?: \\(([^)]*)\\))?`, 'g'))];
  const commands = [...text.matchAll(/(?<=^|"|[:;] )samocode ([a-z]+)([^";]*)/g)];
  return [
    ...calls.map(([, name = '', args = '']) => {
      const channel = name === 'answer_qa' || name === 'approve_plan' ? tool : 'tool';
      return { name, args, by: { channel } } as const;
    }),
    ...commands.map(([, name = '', args = '']) => ({ name, args, by: { channel: 'cli' } }) as const),
  ];
}

/** Why what was asked for is refused; empty if it can be done. */
function refusals(asked: Asked, report: SessionReport): string[] {
  if (!(asked.name in JUDGED)) return [`no judge of ${asked.name}`];
  const name = JUDGED[asked.name];
  const [kind, judge] =
    name === undefined ? [] : KINDS[asked.args.includes('unarchive') ? 'unarchive' : name];
  if (kind === undefined) return [];
  // The act starts the worker that completes what is in progress.
  const isCompleted =
    kind === 'resume' && asked.args.trim().split(' ').length < 2 && report.worker === 'gone';
  if (isCompleted && endNow(report.view.state) !== undefined) return [];
  const verdicts = [judgeKind(kind, report.view.state), judge(asked, report)].flat();
  const refused = verdicts.flatMap((each) => (each?.kind === 'refused' ? [each.error.code] : []));
  const closed = closedTo(report.view);
  return closed === undefined ? refused : [closed.code];
}

type Face = (report: SessionReport) => string;
const FACES: Readonly<Record<string, Face>> = {
  'a chat': (report) => nextCalls(sessionFacts(report.view, report).next),
  'a terminal': ({ view, ...report }) => nextCommandsOf(sessionFacts(view, report)).join('; '),
};

const RULES: Readonly<Record<string, readonly Channel[]>> = {
  'open every gate': CHANNELS,
  'are only forms': ['elicitation'],
  'are only those of a person': PERSONAL,
  'are a terminal and _qa.md': ['cli', 'file'],
  'are only the phone': ['phone'],
  'are only the chat': ['tool'],
};

const since = '2026-01-08T10:00:00.000Z';
const blocked = (rule: string, next?: NextStep[]): Status => ({
  kind: 'blocked',
  since,
  needs: 'human_decision',
  rule,
  reason: 'x',
  next,
});
const WITH_PLAN: Status = {
  ...{ kind: 'waiting', since, for: 'plan_approval', resumePhase: 'implementation' },
  ...{ openQuestions: [], unconfirmed: [], plan: { name: 'plan.md', hash: HASH } },
};

/** States that differ from the others only in what can be done. */
const MORE: readonly (readonly [string, Status, string[]?])[] = [
  ['waiting for approval of a plan', WITH_PLAN],
  ['stopped at its plan', { kind: 'stopped', since, by: { channel: 'cli' }, why: 'x', parked: WITH_PLAN }],
  ['blocked by programs that git would start', blocked('git_programs_changed')],
  ['blocked by a login', blocked('auth')],
  ['blocked by a login, as a model resumed it before', blocked('auth'), ['auth']],
  ['blocked again by what a model resumed it from', blocked('stalled'), ['stalled']],
  [
    'blocked again by a limit that a model raised',
    blocked('budget', [{ act: 'raise_limits', args: { usd: 9 } }]),
    ['budget'],
  ],
  [
    'stopped after a block from which a model resumed it',
    { kind: 'stopped', since, by: { channel: 'tool' }, why: 'x', rule: 'stalled' },
    ['stalled'],
  ],
];

const [, SAMPLE] = STATES[0] ?? [];
const REPORTS: readonly (readonly [string, SessionReport])[] = [
  ...STATES,
  ...MORE.map(([name, status, resumedByModel]) => {
    const { view } = SAMPLE as SessionReport;
    const report = {
      ...(SAMPLE as SessionReport),
      view: { ...view, state: { ...view.state, prepared: true, status, resumedByModel } },
    };
    return [name, { ...report, view: { ...report.view, wantsWorker: false } }] as const;
  }),
];

function withRule(report: SessionReport, gateChannels: readonly Channel[]): SessionReport {
  const { sessionFile = sessionFileSample() } = report.view;
  const settings = { ...sessionFile.settings, gateChannels: [...gateChannels] };
  return { ...report, view: { ...report.view, sessionFile: { ...sessionFile, settings } } };
}

/** The steps of a face that its own judge would refuse. */
function untakeable(face: Face, channels: readonly Channel[]): string[] {
  return REPORTS.flatMap(([state, sample]) => {
    const report = withRule(sample, channels);
    const text = face(report);
    const why = askedIn(text, channels).flatMap((asked) => refusals(asked, report));
    return why.length > 0 ? [`${state}: ${text}: ${why.join(', ')}`] : [];
  });
}

test.each(
  Object.entries(FACES).flatMap(([name, face]) =>
    Object.entries(RULES).map(([what, channels]) => [name, what, face, channels] as const),
  ),
)(
  '%s offers no step that its judge refuses, where the channels of a gate %s',
  (_face, _what, face, channels) => {
    expect(untakeable(face, channels)).toEqual([]);
  },
);

test('a step that cannot be taken is found', () => {
  expect(untakeable(() => 'resume_session; samocode message boat "…"', CHANNELS)).toContain(
    'waiting for answers: resume_session; samocode message boat "…": gate_closed',
  );
  expect(untakeable(() => 'answer_qa', PERSONAL)).toContain('waiting for answers: answer_qa: channel_closed');
  expect(untakeable(() => 'samocode fly boat', CHANNELS)[0]).toContain('no judge of fly');
});

test('of every state but those whose session is only told about, a step is offered on both faces', () => {
  const silent = Object.values(FACES).flatMap((face) =>
    REPORTS.flatMap(([state, report]) => (face(withRule(report, CHANNELS)) === '' ? [state] : [])),
  );
  expect(silent).toEqual([]);
});
