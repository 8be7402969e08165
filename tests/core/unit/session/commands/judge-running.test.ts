import { describe, expect, test } from 'vitest';
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
import { numbered } from '../events.ts';
import {
  byModel,
  byPerson,
  codeOf,
  DONE,
  inForm,
  PEOPLE,
  RUNNING,
  STOPPED,
  since,
  stateOf,
  waiting,
} from '../verdicts.ts';

describe('a start', () => {
  const settings = {
    gates: ['qa', 'plan'] as ('qa' | 'plan')[],
    gateChannels: [...PEOPLE],
    sandbox: 'auto' as const,
    limits: { session: {}, phases: {} },
  };
  const none = { ...settings, autoApprove: false, acceptSuggestions: false };
  const both = { ...settings, autoApprove: true, acceptSuggestions: true };

  test('that opens a gate is refused if its channel may not, and one that opens none is accepted', () => {
    expect(judgeStart({ by: byModel }, {}, none)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byPerson }, {}, both)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byModel }, {}, both)).toMatchObject({
      error: {
        code: 'channel_closed',
        why: expect.stringContaining('accept its suggestions and approve its plan without asking'),
      },
    });
  });

  test('that lowers the sandbox is refused to a model and to a form, and accepted from a person', () => {
    const open = { ...none, gateChannels: [...CHANNELS] };
    const lowered = { ...open, sandbox: 'off', sandboxLowered: true } as const;
    expect(judgeStart({ by: byPerson }, {}, lowered)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byModel }, {}, { ...open, sandbox: 'off' })).toEqual({ kind: 'accepted' });
    for (const by of [byModel, inForm('claude-code')])
      expect(judgeStart({ by }, {}, lowered)).toMatchObject({
        error: {
          code: 'person_needed',
          why: expect.stringContaining('sandbox off'),
        },
      });
  });

  test('of quick work needs a channel that may open gates, and on the text of an issue a person', () => {
    const quick = { way: 'quick' } as const;
    const issue = { repository: 'h/o/n', number: 7, url: 'u', title: 't', text: 'x' };
    const toAll = { ...none, gateChannels: [...CHANNELS] };
    expect(judgeStart({ by: byPerson }, {}, none, quick)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byModel }, {}, none, { way: 'plan' })).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byModel }, {}, none, quick)).toMatchObject({
      error: { code: 'channel_closed', why: expect.stringContaining('work without questions and a plan') },
    });
    expect(judgeStart({ by: byModel }, {}, toAll, quick)).toEqual({ kind: 'accepted' });
    expect(judgeStart({ by: byPerson }, {}, toAll, { ...quick, issue })).toEqual({ kind: 'accepted' });
    for (const by of [byModel, inForm('claude-code')])
      expect(codeOf(judgeStart({ by }, {}, toAll, { ...quick, issue }))).toBe('quick_issue_needs_person');
  });

  test('is accepted once', () => {
    const started = { createdAt: since };
    expect(codeOf(judgeStart({ by: byPerson }, started, none))).toBe('already_started');
  });

  test('does not open a gate for a later goal that comes through a closed channel', () => {
    expect(openedAtStart('plan', both, byPerson)).toEqual({ ...byPerson, atStart: true });
    expect(openedAtStart('plan', both, byModel)).toBeUndefined();
    expect(openedAtStart('qa', both, byModel)).toBeUndefined();
  });

  test('opens a gate in the name of whoever chose that, or of the settings if a trusted line did', () => {
    const chosen = { ...byModel, atStart: true };
    const toAll = { ...both, gateChannels: [...CHANNELS] };
    expect(openedAtStart('plan', toAll, byModel)).toEqual(chosen);
    expect(openedAtStart('plan', { ...toAll, gates: [] }, byModel)).toEqual(chosen);
    expect(openedAtStart('plan', { ...none, gates: ['qa'] }, byModel)).toEqual({ channel: 'settings' });
    expect(openedAtStart('qa', { ...none, gates: ['qa'] }, byModel)).toBeUndefined();
  });
});

describe('a resume', () => {
  test.each([
    ['a session at the first gate', stateOf(waiting('qa_answers')), {}, 'gate_closed'],
    ['a session at the second gate', stateOf(waiting('plan_approval')), {}, 'gate_closed'],
    ['a session at a gate, with new work', stateOf(waiting('plan_approval')), { goal: 'x' }, 'gate_closed'],
    ['a running session', RUNNING, {}, 'already_running'],
    [
      'a session that is being stopped',
      { ...RUNNING, stopWanted: { by: byPerson, when: 'now' as const } },
      {},
      'stop_under_way',
    ],
    ['a done session without new work', DONE, {}, 'goal_missing'],
    ['a done session with blank new work', DONE, { goal: ' ' }, 'goal_missing'],
    ['a stopped session with new work', STOPPED, { goal: 'x' }, 'not_done'],
  ])('of %s is refused', (_what, state, command, code) => {
    expect(codeOf(judgeResume({ by: byPerson, ...command }, state))).toBe(code);
  });

  test('continues in the phase of the session', () => {
    const blocked = stateOf({ kind: 'blocked', since, reason: 'x', needs: 'y', rule: 'z' });
    expect(judgeResume({ by: byPerson }, stateOf(waiting('file_update')))).toMatchObject({
      phase: 'implementation',
    });
    expect(judgeResume({ by: byPerson }, STOPPED)).toMatchObject({ kind: 'accepted', resetsCounts: false });
    expect(judgeResume({ by: byPerson }, blocked)).toMatchObject({ kind: 'accepted', resetsCounts: true });
    expect(judgeResume({ by: byPerson, goal: 'More' }, DONE)).toMatchObject({ phase: 'investigation' });
  });

  test('in another phase is refused while a gate before it is closed, as a typed phase is', () => {
    const asked = { by: byPerson, phase: 'testing' } as const;
    const closedGate = closedGateBefore('testing', STOPPED, { gates: ['plan'], open: 0 });
    expect(closedGate).toBe('no plan has been approved yet');
    const refusal = { kind: 'refused', error: { code: 'phase_closed' } };
    expect(judgeResume({ ...asked, goal: 'More' }, DONE)).toMatchObject(refusal);
    expect(judgeResume(asked, STOPPED, { closedGate })).toMatchObject(refusal);
    for (const state of [STOPPED, stateOf(waiting('file_update'))])
      expect(judgeResume(asked, state)).toMatchObject({ kind: 'accepted', phase: 'testing' });
    expect(closedGateBefore('planning', STOPPED, { gates: ['plan'], open: 0 })).toBeUndefined();
  });

  test.each(['tool', 'file', 'settings'] as const)(
    'of a session that waits for consent to programs started by git is refused on channel %s',
    (channel) => {
      const status = {
        kind: 'blocked',
        since,
        reason: 'x',
        needs: 'y',
        rule: 'git_programs_changed',
      } as const;
      const refused = judgeResume({ by: { channel } }, stateOf(status));
      expect(codeOf(refused)).toBe('needs_person');
      expect(judgeResume({ by: byPerson }, stateOf(status))).toMatchObject({ kind: 'accepted' });
    },
  );

  test('at a lower sandbox level is refused to a model until the guard is back', () => {
    const rule = 'sandbox_lower';
    const status = { kind: 'blocked', since, reason: 'x', needs: 'y', rule } as const;
    const byModel = { by: { channel: 'tool' } } as const;
    expect(judgeResume(byModel, stateOf(status), { lowered: 'none' })).toMatchObject({
      error: {
        code: 'needs_person',
        why: expect.stringContaining('"none"'),
      },
    });
    expect(judgeResume({ by: byPerson }, stateOf(status), { lowered: 'none' }).kind).toBe('accepted');
    expect(judgeResume(byModel, stateOf(status)).kind).toBe('accepted');
  });

  test.each([
    ['accepts the programs of git', 'git_programs_changed', {}],
    ['lowers the sandbox', 'sandbox_lower', { lowered: 'none' }],
  ] as const)('that %s needs a person at the machine that has the session', (_, rule, facts) => {
    const status = { kind: 'blocked', since, reason: 'x', needs: 'y', rule } as const;
    const elsewhere = { by: { channel: 'cli', person: 'ben' } } as const;
    expect(codeOf(judgeResume(elsewhere, stateOf(status), facts))).toBe('needs_person');
    expect(judgeResume({ by: byPerson }, stateOf(status), facts).kind).toBe('accepted');
  });

  test('that would block again immediately names the limit that is reached', () => {
    const next = [{ act: 'raise_limits', args: { hours: 5 } }] as const;
    const refused = judgeResume({ by: byPerson }, STOPPED, {
      spent: { reason: 'The budget is spent.', next },
    });
    expect(refused).toMatchObject({ error: { code: 'budget_spent', next } });
  });
});

test('a message is kept only if an agent will read it', () => {
  expect(judgeMessage({ text: 'x' }, STOPPED)).toMatchObject({ kind: 'accepted' });
  expect(codeOf(judgeMessage({ text: ' ' }, STOPPED))).toBe('empty_message');
  expect(codeOf(judgeMessage({ text: 'x' }, DONE))).toBe('done');
});

describe('a message', () => {
  const by = byPerson;
  const log = [
    { type: 'message_kept', by, id: 'GIVEN', file: 'f' },
    { type: 'messages_delivered', ids: ['GIVEN'], iteration: 7 },
    { type: 'messages_acknowledged', ids: ['GIVEN'] },
    { type: 'message_kept', by, id: 'GONE', file: 'f' },
    { type: 'message_withdrawn', by, id: 'GONE' },
    { type: 'message_kept', by, id: 'UNREAD', file: 'f', line: 'Mind the boats' },
  ];
  const events = numbered(log as NewEvent[], { stepMs: 0 });
  const state = events.reduce(fold, emptyState());

  test('is withdrawn only if no agent has received it', () => {
    expect(judgeWithdraw({ message: 'UNREAD' }, state, events)).toEqual({ kind: 'accepted' });
  });

  test.each([
    ['GIVEN', 'message_received', 'The agent of iteration 7 has received it.'],
    ['GONE', 'message_withdrawn', 'The message was already withdrawn.'],
    ['../UNREAD', 'message_unknown', 'There is no message "../UNREAD".'],
  ])('that is %s is refused with %s', (message, code, why) => {
    expect(judgeWithdraw({ message }, state, events)).toMatchObject({
      kind: 'refused',
      error: { code, why },
    });
  });

  test('that does not exist is refused with those that can be withdrawn', () => {
    expect(judgeWithdraw({ message: 'X' }, state, events)).toMatchObject({
      error: { hint: `Give the id of one: UNREAD (${since}, "Mind the boats").` },
    });
  });

  test('can be withdrawn while an agent runs, but not in the archive', () => {
    expect(judgeKind('withdraw_message', RUNNING, 'agent_runs')).toBeUndefined();
    expect(codeOf(judgeKind('withdraw_message', { ...STOPPED, archived: true }))).toBe('archived');
  });
});

test('a stop applies to the current work, else to the session, and is refused if there is nothing to stop', () => {
  expect(judgeStop(stateOf({ kind: 'starting', since }))).toMatchObject({ how: 'request' });
  expect(judgeStop(stateOf(waiting('qa_answers')))).toMatchObject({ how: 'stop' });
  expect(codeOf(judgeStop(STOPPED))).toBe('not_running');
});

describe('taking a session over', () => {
  const owner = { hostId: 'h', bootId: 'b', pidNamespace: 'n', pid: 7, startTicks: '1' };
  const lease = { v: 2 as const, number: 3, owner, acquiredAt: since };
  const held = (liveness: 'alive' | 'dead' | 'unknowable') => ({ kind: 'held' as const, lease, liveness });

  test.each([
    ['a worker whose state is unknown', { holding: held('unknowable') }, { kind: 'accepted', lease }],
    ['the worker that was given up', { holding: held('unknowable'), givenUp: 3 }, { kind: 'accepted' }],
    [
      'a worker other than the one given up',
      { holding: held('unknowable'), givenUp: 2 },
      { error: { code: 'worker_lives' } },
    ],
    ['a local worker that runs', { holding: held('alive') }, { error: { code: 'worker_lives' } }],
    ['a local worker that died', { holding: held('dead') }, { kind: 'not_needed' }],
    ['no worker', { holding: { kind: 'free' as const } }, { kind: 'not_needed' }],
    [
      'a newer version',
      { holding: held('dead'), otherBuild: { is: 'newer' as const, trace: 'format 9' } },
      { error: { code: 'newer_format' } },
    ],
  ])('from %s gets its verdict', (_whom, facts, verdict) => {
    expect(judgeTakeOver({ session: 'jwt', ...facts })).toMatchObject(verdict);
  });
});

const PERSON: Channel[] = ['cli', 'phone', 'web'];
const EVERY: Channel[] = [...CHANNELS];
const IN_FORCE = { usd: 5, tokens: 1000, hours: 2, iterations: 10 };
const ASKED = { usd: 900_000, tokens: 2000, hours: 3, iterations: 11 };

function allowed(
  by: CommandBy,
  gateChannels: Channel[],
  given: { fileLimits?: SpendingLimits; limits?: SpendingLimits } = {},
) {
  const { limits = IN_FORCE, fileLimits } = given;
  return allowedLimits(ASKED, by, { gateChannels, limits: { session: limits, phases: {} }, fileLimits });
}

test.each<[string, CommandBy, Channel[], boolean]>([
  ['the terminal', { channel: 'cli' }, PERSON, true],
  ['the page', { channel: 'web' }, PERSON, true],
  ['the phone', { channel: 'phone' }, PERSON, true],
  ['a tool that opens gates', { channel: 'tool', client: 'claude-code' }, EVERY, true],
  ['a tool that opens none', { channel: 'tool', client: 'claude-code' }, PERSON, false],
  ['a form that opens none', { channel: 'elicitation' }, PERSON, false],
  ['a terminal that opens none', { channel: 'cli' }, ['phone'], false],
  ['a remote token', { channel: 'tool', client: 'laptop', remote: true }, EVERY, false],
  ['a person on another machine', { channel: 'cli', person: 'anna' }, EVERY, false],
])('%s raises each of the four limits only if it may', (_, by, gateChannels, mayRaise) => {
  expect(allowed(by, gateChannels).limits).toEqual(mayRaise ? ASKED : IN_FORCE);
  expect(allowed(by, gateChannels).lowered).toHaveLength(mayRaise ? 0 : 4);
});

const model: CommandBy = { channel: 'tool' };

test('up to the limit of the file, whatever a start chose below it, every channel may go, and no further', () => {
  const now = { limits: { usd: 3 }, fileLimits: { usd: 5 } };
  expect(allowed(model, PERSON, now).limits).toEqual({ ...ASKED, usd: 5 });
});

test('a limit that a person has raised above that of the file may be asked for again, not passed', () => {
  const now = { limits: { usd: 20 }, fileLimits: { usd: 5 } };
  expect(allowed(model, PERSON, now).limits.usd).toBe(20);
});

test('where nothing limits, what a call asks for is the limit', () => {
  expect(allowed(model, PERSON, { limits: {} })).toEqual({ limits: ASKED, lowered: [] });
});

test('a limit of one phase is raised by the same channels alone', () => {
  const asked = { session: {}, phases: { quality: { usd: 4 } } };
  const limits = { session: { usd: 5 }, phases: { quality: { usd: 3 } } };
  const rule = { gateChannels: PERSON, limits };
  expect(closedLimits(asked, model, rule)?.error.code).toBe('limits_closed');
  expect(closedLimits(asked, { channel: 'cli' }, rule)).toBeUndefined();
  expect(closedLimits({ session: {}, phases: { quality: { usd: 3 } } }, model, rule)).toBeUndefined();
});

test('what was lowered is said with the command that raises it, or with the channels that may', () => {
  const { lowered } = allowed(model, PERSON, { limits: { usd: 5 } });
  expect(describeLowered(lowered, { gateChannels: PERSON }, 'samocode resume x')).toEqual([
    'limits.usd 900000 was lowered to 5, the MAX_COST_USD that holds; a person raises it in a terminal: samocode resume x --max-cost-usd 900000.',
  ]);
  expect(describeLowered(lowered, { gateChannels: ['phone'] }, '')).toEqual([
    'limits.usd 900000 was lowered to 5, the MAX_COST_USD that holds; GATE_CHANNELS (phone) says who raises it.',
  ]);
});

test('a start whose session file has higher limits than the file of the project is refused to a closed channel', () => {
  const choices = { gates: [], autoApprove: false, acceptSuggestions: false, sandbox: 'guard' } as const;
  const limits = { session: { usd: 900_000 }, phases: {} };
  const settings = { ...choices, gates: [], gateChannels: PERSON, limits, fileLimits: { usd: 5 } };
  expect(judgeStart({ by: model }, {}, settings)).toMatchObject({
    error: {
      code: 'limits_closed',
      why: expect.stringContaining('limits.usd 900000, above the 5 that holds'),
    },
  });
  expect(judgeStart({ by: { channel: 'web' } }, {}, settings)).toEqual({ kind: 'accepted' });
});
