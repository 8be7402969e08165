import { expect, test } from 'vitest';
import { CHANNELS } from '../../../../../src/core/kernel/phases/channels.ts';
import type { SpendingLimits } from '../../../../../src/core/kernel/phases/limits.ts';
import { judgeKind } from '../../../../../src/core/session/commands/command-rows.ts';
import {
  allowedLimits,
  closedLimits,
  describeLowered,
} from '../../../../../src/core/session/commands/judge-limits.ts';
import {
  closedGateBefore,
  judgeMessage,
  judgeResume,
  judgeStart,
  judgeStop,
  judgeTakeOver,
  judgeWithdraw,
  openedAtStart,
} from '../../../../../src/core/session/commands/judge-running.ts';
import type { Channel, CommandBy } from '../../../../../src/core/session/events/bodies/who-acted.ts';
import type { NewEvent } from '../../../../../src/core/session/events/events.ts';
import { fold } from '../../../../../src/core/session/events/fold.ts';
import { emptyState } from '../../../../../src/core/session/events/state.ts';
import { type Tables, tabled } from '../../../../support/film.ts';
import { numbered } from '../events.ts';
import {
  byModel,
  byPerson,
  DONE,
  inForm,
  PEOPLE,
  RUNNING,
  STOPPED,
  since,
  stateOf,
  waiting,
} from '../verdicts.ts';

const PERSON: Channel[] = ['cli', 'phone', 'web'];
const EVERY: Channel[] = [...CHANNELS];
const settings = {
  ...{ gates: ['qa', 'plan'] as ('qa' | 'plan')[], gateChannels: [...PEOPLE], sandbox: 'auto' as const },
  limits: { session: {}, phases: {} },
};
const none = { ...settings, autoApprove: false, acceptSuggestions: false };
const both = { ...settings, autoApprove: true, acceptSuggestions: true };
const toAll = { ...none, gateChannels: EVERY };
const off = { ...toAll, sandbox: 'off' } as const;
const lowered = { ...off, sandboxLowered: true } as const;
const byForm = inForm('claude-code');
const quick = { way: 'quick' } as const;
const issue = { repository: 'h/o/n', number: 7, url: 'u', title: 't', text: 'x' };
const higher = { session: { usd: 900_000 }, phases: {} };
const aboveFile = { ...none, gates: [], gateChannels: PERSON, limits: higher, fileLimits: { usd: 5 } };

const start = (
  by: CommandBy,
  now: Parameters<typeof judgeStart>[2],
  as: Parameters<typeof judgeStart>[3] = {},
) => judgeStart({ by }, {}, now, as);

const STARTS: Tables = {
  'accepted, channel_closed: a start opens a gate only on a channel that may': {
    'a model, opening none': start(byModel, none),
    'a person, opening both': start(byPerson, both),
    'a model, opening both': start(byModel, both),
  },
  'accepted, person_needed: a start lowers the sandbox only for a person': {
    'a person': start(byPerson, lowered),
    'a model, where it was off before': start(byModel, off),
    'a model': start(byModel, lowered),
    'a form': start(byForm, lowered),
  },
  'channel_closed, quick_issue_needs_person: quick work needs a channel that may, and on an issue a person': {
    'a person': start(byPerson, none, quick),
    'a model, on a plan': start(byModel, none, { way: 'plan' }),
    'a model': start(byModel, none, quick),
    'a model that may open gates': start(byModel, toAll, quick),
    'a person, on an issue': start(byPerson, toAll, { ...quick, issue }),
    'a model, on an issue': start(byModel, toAll, { ...quick, issue }),
    'a form, on an issue': start(byForm, toAll, { ...quick, issue }),
  },
  'already_started: a start is accepted once': {
    again: judgeStart({ by: byPerson }, { createdAt: since }, none),
  },
  'limits_closed, accepted: limits above those of the file of the project need a channel that may': {
    'a model': start(byModel, aboveFile),
    'the page': start({ channel: 'web' }, aboveFile),
  },
  'atStart, settings: a gate opened at the start is in the name of who chose that, and never a closed channel':
    {
      'the plan, a person': openedAtStart('plan', both, byPerson),
      'the plan, a model': openedAtStart('plan', both, byModel),
      'the questions, a model': openedAtStart('qa', both, byModel),
      'the plan, a model that may': openedAtStart('plan', { ...both, gateChannels: EVERY }, byModel),
      'the plan, a model that may, and no line of the file': openedAtStart(
        'plan',
        { ...both, gateChannels: [...CHANNELS], gates: [] },
        byModel,
      ),
      'the plan, by a line of the file': openedAtStart('plan', { ...none, gates: ['qa'] }, byModel),
      'the questions, which the line leaves closed': openedAtStart('qa', { ...none, gates: ['qa'] }, byModel),
    },
};

const blocked = (rule: string) => stateOf({ kind: 'blocked', since, reason: 'x', needs: 'y', rule });
const atGate = stateOf(waiting('plan_approval'));
const resume = (
  state: Parameters<typeof judgeResume>[1],
  { by = byPerson, ...more }: Partial<Parameters<typeof judgeResume>[0]> = {},
  facts?: Parameters<typeof judgeResume>[2],
) => judgeResume({ by, ...more }, state, facts);
const closedGate = closedGateBefore('testing', STOPPED, { gates: ['plan'], open: 0 });
const inTesting = { phase: 'testing' } as const;
const [programs, guard] = [blocked('git_programs_changed'), blocked('sandbox_lower')];
const toNone = { lowered: 'none' } as const;
const ben = { channel: 'cli', person: 'ben' } as const;
const spent = {
  reason: 'The budget is spent.',
  next: [{ act: 'raise_limits', args: { hours: 5 } }] as const,
};

const RESUMES: Tables = {
  'gate_closed, already_running, stop_under_way, goal_missing, not_done: a resume is refused': {
    'of a session at the first gate': resume(stateOf(waiting('qa_answers'))),
    'of a session at the second gate': resume(atGate),
    'of a session at a gate, with new work': resume(atGate, { goal: 'x' }),
    'of a running session': resume(RUNNING),
    'of a session that is being stopped': resume({ ...RUNNING, stopWanted: { by: byPerson, when: 'now' } }),
    'of a done session without new work': resume(DONE),
    'of a done session with blank new work': resume(DONE, { goal: ' ' }),
    'of a stopped session with new work': resume(STOPPED, { goal: 'x' }),
  },
  'implementation, investigation, resetsCounts: a resume continues in the phase of the session': {
    'that waits for a file': resume(stateOf(waiting('file_update'))),
    'that was stopped': resume(STOPPED),
    'that is blocked': resume(blocked('z')),
    'that is done, with new work': resume(DONE, { goal: 'More' }),
  },
  'phase_closed, testing: a resume in another phase is refused while a gate before it is closed': {
    'the gate before testing': closedGate,
    'the gate before planning': closedGateBefore('planning', STOPPED, { gates: ['plan'], open: 0 }),
    'of a done session': resume(DONE, { ...inTesting, goal: 'More' }),
    'behind a closed gate': resume(STOPPED, inTesting, { closedGate }),
    'of a stopped session': resume(STOPPED, inTesting),
    'of one that waits for a file': resume(stateOf(waiting('file_update')), inTesting),
  },
  'needs_person, accepted: only a person at the machine of the session accepts programs that git starts': {
    'a tool': resume(programs, { by: { channel: 'tool' } }),
    'a file': resume(programs, { by: { channel: 'file' } }),
    'the settings': resume(programs, { by: { channel: 'settings' } }),
    'a person elsewhere': resume(programs, { by: ben }),
    'a person': resume(programs),
  },
  'needs_person, accepted: only a person at the machine of the session continues with a lower sandbox': {
    'a model': resume(guard, { by: byModel }, toNone),
    'a person elsewhere': resume(guard, { by: ben }, toNone),
    'a person': resume(guard, {}, toNone),
    'a model, with the guard back': resume(guard, { by: byModel }),
  },
  'budget_spent, raise_limits: a resume that would block again at once names the limit that is reached': {
    'with its budget spent': resume(STOPPED, {}, { spent }),
  },
};

const log = [
  { type: 'message_kept', by: byPerson, id: 'GIVEN', file: 'f' },
  { type: 'messages_delivered', ids: ['GIVEN'], iteration: 7 },
  { type: 'messages_acknowledged', ids: ['GIVEN'] },
  { type: 'message_kept', by: byPerson, id: 'GONE', file: 'f' },
  { type: 'message_withdrawn', by: byPerson, id: 'GONE' },
  { type: 'message_kept', by: byPerson, id: 'UNREAD', file: 'f', line: 'Mind the boats' },
];
const events = numbered(log as NewEvent[], { stepMs: 0 });
const state = events.reduce(fold, emptyState());
const withdraw = (message: string) => judgeWithdraw({ message }, state, events);

const owner = { hostId: 'h', bootId: 'b', pidNamespace: 'n', pid: 7, startTicks: '1' };
const lease = { v: 2 as const, number: 3, owner, acquiredAt: since };
type TakeOver = Parameters<typeof judgeTakeOver>[0];
const held = (liveness: 'alive' | 'dead' | 'unknowable') => ({ kind: 'held' as const, lease, liveness });
const takeOver = (holding: TakeOver['holding'], more: Partial<TakeOver> = {}) =>
  judgeTakeOver({ session: 'jwt', holding, ...more });

const OTHERS: Tables = {
  'accepted, empty_message, done: a message is kept only if an agent will read it': {
    'to a stopped session': judgeMessage({ text: 'x' }, STOPPED),
    'without words': judgeMessage({ text: ' ' }, STOPPED),
    'to a done session': judgeMessage({ text: 'x' }, DONE),
  },
  'message_received, message_withdrawn, message_unknown: only what no agent has received is withdrawn': {
    UNREAD: withdraw('UNREAD'),
    GIVEN: withdraw('GIVEN'),
    GONE: withdraw('GONE'),
    '../UNREAD': withdraw('../UNREAD'),
    'while an agent runs': judgeKind('withdraw_message', RUNNING, 'agent_runs'),
    'in the archive': judgeKind('withdraw_message', { ...STOPPED, archived: true }),
  },
  'request, stop, not_running: a stop applies to the current work, else to the session': {
    'of a session that starts': judgeStop(stateOf({ kind: 'starting', since })),
    'of one that waits': judgeStop(stateOf(waiting('qa_answers'))),
    'of one that is stopped': judgeStop(STOPPED),
  },
  'accepted, worker_lives, not_needed, newer_format: a session is taken over from': {
    'a worker whose state is unknown': takeOver(held('unknowable')),
    'the worker that was given up': takeOver(held('unknowable'), { givenUp: 3 }),
    'a worker other than the one given up': takeOver(held('unknowable'), { givenUp: 2 }),
    'a local worker that runs': takeOver(held('alive')),
    'a local worker that died': takeOver(held('dead')),
    'no worker': takeOver({ kind: 'free' }),
    'a newer version': takeOver(held('dead'), { otherBuild: { is: 'newer', trace: 'format 9' } }),
  },
};

const IN_FORCE = { usd: 5, tokens: 1000, hours: 2, iterations: 10 };
const ASKED = { usd: 900_000, tokens: 2000, hours: 3, iterations: 11 };

function allowed(
  by: CommandBy,
  gateChannels: Channel[],
  given: { fileLimits?: SpendingLimits; limits?: SpendingLimits } = {},
) {
  const { limits = IN_FORCE, fileLimits } = given;
  const facts = { gateChannels, limits: { session: limits, phases: {} }, fileLimits };
  const { limits: now, lowered: less } = allowedLimits(ASKED, by, facts);
  return { ...now, lowered: less.length };
}

const tool = (client: string, more: object = {}): CommandBy => ({ channel: 'tool', client, ...more });
const quality = (usd: number) => ({ session: {}, phases: { quality: { usd } } });
const ofPhase = { gateChannels: PERSON, limits: { session: { usd: 5 }, phases: { quality: { usd: 3 } } } };
const saysLowered = (gateChannels: Channel[], command: string) => {
  const facts = { gateChannels: PERSON, limits: { session: { usd: 5 }, phases: {} } };
  return describeLowered(allowedLimits(ASKED, byModel, facts).lowered, { gateChannels }, command);
};

const LIMITS: Tables = {
  'usd, tokens, hours, iterations, lowered: each of the four limits is raised only by': {
    'the terminal': allowed({ channel: 'cli' }, PERSON),
    'the page': allowed({ channel: 'web' }, PERSON),
    'the phone': allowed({ channel: 'phone' }, PERSON),
    'a tool that opens gates': allowed(tool('claude-code'), EVERY),
    'a tool that opens none': allowed(tool('claude-code'), PERSON),
    'a form that opens none': allowed({ channel: 'elicitation' }, PERSON),
    'a terminal that opens none': allowed({ channel: 'cli' }, ['phone']),
    'a remote token': allowed(tool('laptop', { remote: true }), EVERY),
    'a person on another machine': allowed({ channel: 'cli', person: 'anna' }, EVERY),
  },
  'usd: a closed channel may go up to the limit of the file and to what a person has raised, and no further':
    {
      'from below the file': allowed(byModel, PERSON, { limits: { usd: 3 }, fileLimits: { usd: 5 } }),
      'from above the file': allowed(byModel, PERSON, { limits: { usd: 20 }, fileLimits: { usd: 5 } }),
      'where nothing limits': allowed(byModel, PERSON, { limits: {} }),
    },
  'limits_closed, –: a limit of one phase is raised by the same channels alone': {
    'by a model': closedLimits(quality(4), byModel, ofPhase)?.error,
    'by a person': closedLimits(quality(4), { channel: 'cli' }, ofPhase)?.error,
    'by a model, to what it is': closedLimits(quality(3), byModel, ofPhase)?.error,
  },
  'lowered, resume, GATE_CHANNELS: what was lowered is said with what raises it': {
    'in a terminal': saysLowered(PERSON, 'samocode resume x'),
    'by phone alone': saysLowered(['phone'], ''),
  },
};

test('what starts, resumes, stops, tells and takes over a session is judged as these films show', async () => {
  const text = tabled({ ...STARTS, ...RESUMES, ...OTHERS, ...LIMITS });
  await expect(text).toMatchFileSnapshot('../../../../golden/films/judge-running.txt');
});
