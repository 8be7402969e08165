import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ShownSession } from '../../../src/core/acts/reading/watch-sessions.act.ts';
import { refusalNow } from '../../../src/core/caller/commands/early-refusal.ts';
import { sessionFacts } from '../../../src/core/caller/facts/session-facts.ts';
import { nextCalls } from '../../../src/core/caller/facts/step-texts.ts';
import { nextCommandsOf } from '../../../src/core/faces/terminal/json-facts.ts';

import type { NextStep } from '../../../src/core/kernel/acts.ts';
import { CHANNELS, PERSONAL } from '../../../src/core/kernel/phases/channels.ts';
import type { Command } from '../../../src/core/session/commands/commands.ts';
import type { Channel } from '../../../src/core/session/events/bodies/who-acted.ts';
import { endNow } from '../../../src/core/session/events/open-work.ts';
import { isAtRest } from '../../../src/core/session/events/rest.ts';
import type { Status } from '../../../src/core/session/events/state.ts';
import { offersOf } from '../../../src/extensions/notify/notice/compose.ts';
import { sessionRows } from '../../../src/extensions/pages/rows/row.ts';
import { ACT_KEYS, listKeys } from '../../../src/extensions/pages/watch/press.ts';
import { actsPart } from '../../../src/extensions/pages/web/acts/acts-part.ts';
import { rulesArbitrary, statesArbitrary } from '../../support/random-states.ts';
import { sessionFileSample } from '../../support/session-file-sample.ts';
import { STATES } from '../../support/session-states.ts';

type Kind = Command['kind'];

/** What a face asks for by a call or a command line: its name, and what follows the name. */
interface Asked {
  name: string;
  args: string;
  channel: Channel;
}

const FINISH: readonly Kind[] = ['archive', 'discard', 'merge', 'publish'];

/** What each tool and command sends, any of which suffices; empty for what only reads, or is judged by what it reads. */
const SENDS: Readonly<Record<string, readonly Kind[]>> = {
  ...{ answer: ['answer'], approve: ['approve'], changes: ['request_changes'], resume: ['resume'] },
  ...{ round: ['round'], finish: FINISH, archive: ['archive'], unarchive: ['unarchive'] },
  ...{ stop: ['stop'], message: ['message'] },
  ...{ answer_qa: ['answer'], approve_plan: ['approve'], request_changes: ['request_changes'] },
  ...{
    resume_session: ['resume'],
    finish_session: FINISH,
    stop_session: ['stop'],
    send_message: ['message'],
  },
  ...{ wait: [], get_status: [], read_qa: [], read_plan: [], log: [], status: [], plan: [] },
  ...{ report: [], verify: [], takeover: [], pool: [] },
};

const TOOLS = Object.keys(SENDS).filter((name) => name.includes('_') || name === 'wait');

/** What the words of a face ask for. A form that the client shows makes an answer or an approval the user's own. */
function askedIn(text: string, channels: readonly Channel[]): Asked[] {
  const tool = channels.includes('tool') ? 'tool' : 'elicitation';
  const calls = [...text.matchAll(new RegExp(`\\b(${TOOLS.join('|')})\\b(?: \\(([^)]*)\\))?`, 'g'))];
  const commands = [...text.matchAll(/(?<=^|"|[:;] )samocode ([a-z]+)([^";]*)/g)];
  return [
    ...calls.map(([, name = '', args = '']) => {
      const channel = name === 'answer_qa' || name === 'approve_plan' ? tool : 'tool';
      return { name, args, channel } as const;
    }),
    ...commands.map(([, name = '', args = '']) => ({ name, args, channel: 'cli' }) as const),
  ];
}

function kindsOf({ name, args }: Asked): readonly Kind[] {
  if (args.includes('unarchive')) return ['unarchive'];
  if (args.includes('keep_branch')) return ['archive'];
  return args.includes('pull_request') ? ['round'] : (SENDS[name] ?? []);
}

/** Why what was asked for is refused; empty if it can be done. */
function refusals(asked: Asked, { view, worker }: ShownSession): string[] {
  if (!(asked.name in SENDS)) return [`nothing is known of ${asked.name}`];
  const kinds = kindsOf(asked);
  const codes = kinds.flatMap(
    (kind) => refusalNow(kind, view, { by: { channel: asked.channel } })?.code ?? [],
  );
  // The act starts the worker that completes what is in progress.
  const isPlain = asked.args.trim().split(' ').length < 2;
  const isRevived = codes[0] === 'already_running' || (isPlain && endNow(view.state) !== undefined);
  if (kinds[0] === 'resume' && worker === 'gone' && isRevived) return [];
  return codes.length === kinds.length ? codes : [];
}

type Face = (session: ShownSession) => string;
const FACES: Readonly<Record<string, Face>> = {
  'a chat': (session) => nextCalls(sessionFacts(session.view, session).next),
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
  ...{ openQuestions: [], unconfirmed: [], plan: { name: 'plan.md', hash: 'f'.repeat(64) } },
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

const [, SAMPLE] = STATES[0] ?? expect.fail();

function withState(state: Partial<ShownSession['view']['state']>): ShownSession {
  const view = { ...SAMPLE.view, state: { ...SAMPLE.view.state, ...state }, wantsWorker: false };
  return { ...SAMPLE, view, projectDir: '/repo' };
}

const SESSIONS: readonly (readonly [string, ShownSession])[] = [
  ...STATES.map(([name, report]) => [name, { ...report, projectDir: '/repo' }] as const),
  ...MORE.map(
    ([name, status, resumedByModel]) =>
      [name, withState({ prepared: true, status, resumedByModel })] as const,
  ),
];

function withRule(session: ShownSession, gateChannels: readonly Channel[]): ShownSession {
  const { sessionFile = sessionFileSample() } = session.view;
  const settings = { ...sessionFile.settings, gateChannels: [...gateChannels] };
  return { ...session, view: { ...session.view, sessionFile: { ...sessionFile, settings } } };
}

/** The steps of a face that its own judge would refuse. */
function untakeable(face: Face, channels: readonly Channel[]): string[] {
  return SESSIONS.flatMap(([state, sample]) => {
    const session = withRule(sample, channels);
    const text = face(session);
    const why = askedIn(text, channels).flatMap((asked) => refusals(asked, session));
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
  expect(untakeable(() => 'samocode fly boat', CHANNELS)[0]).toContain('nothing is known of fly');
});

test('of every state but those whose session is only told about, a step is offered on both faces', () => {
  const silent = Object.values(FACES).flatMap((face) =>
    SESSIONS.flatMap(([state, session]) => (face(withRule(session, CHANNELS)) === '' ? [state] : [])),
  );
  expect(silent).toEqual([]);
});

/** What the other faces offer, by the kinds of commands of which one has to be taken, and the channel that they act by. */
const OFFERS: readonly [string, Channel, (session: ShownSession) => Readonly<Record<string, boolean>>][] = [
  [
    'the keys of the live screen',
    'cli',
    (session) => {
      const listed = listKeys(sessionRows([session])[0]).map(({ key }) => ACT_KEYS[key] ?? '');
      const acts = ['answer', 'message', 'stop', 'resume', 'finish'];
      return Object.fromEntries(acts.map((act) => [act, listed.includes(act as 'stop')]));
    },
  ],
  [
    'the forms of the page',
    'web',
    (session) => {
      const { text } = actsPart(session);
      const has = (act: string) => text.includes(`data-act="${act}"`);
      return { message: has('message'), stop: has('stop'), resume: has('resume'), finish: has('preview') };
    },
  ],
  [
    'the buttons of a phone',
    'phone',
    ({ view }) => {
      const offers = offersOf(view);
      return { stop: offers.includes('stop'), resume: offers.includes('resume') };
    },
  ],
];
const OF_ACT: Readonly<Record<string, readonly Kind[]>> = {
  ...{ answer: ['answer', 'approve', 'request_changes'], message: ['message'] },
  ...{ stop: ['stop'], resume: ['resume'], finish: FINISH },
};

test.each(OFFERS)('%s are those that the judge would take, in every state', (_face, channel, offers) => {
  fc.assert(
    fc.property(statesArbitrary, rulesArbitrary, (state, { gateChannels }) => {
      const session = withRule(withState(state), gateChannels);
      const isTaken = (kind: Kind) => refusalNow(kind, session.view, { by: { channel } }) === undefined;
      const judged = Object.keys(offers(session)).map((act) => {
        // A phone has no words for the goal that a finished session needs.
        const isNameless = channel === 'phone' && act === 'resume' && state.status.kind === 'done';
        return [act, !isNameless && (OF_ACT[act] ?? []).some(isTaken)] as const;
      });
      expect(offers(session)).toEqual(Object.fromEntries(judged));
    }),
    { numRuns: 400 },
  );
});

test.each(Object.entries(FACES))(
  '%s offers no step that its judge refuses, in every state',
  (_name, face) => {
    fc.assert(
      fc.property(statesArbitrary, rulesArbitrary, (state, { gateChannels }) => {
        // A rewind that was cut off blocks its session, which can then not be archived; nor can one that is not at rest.
        fc.pre(state.work?.kind !== 'rewind' || (state.status.kind === 'blocked' && !state.archived));
        fc.pre(!state.archived || isAtRest(state.status.kind));
        const session = withRule(withState(state), gateChannels);
        const text = face(session);
        const why = askedIn(text, gateChannels).flatMap((asked) => refusals(asked, session));
        expect([text, why]).toEqual([text, []]);
      }),
      { numRuns: 1000 },
    );
  },
);
