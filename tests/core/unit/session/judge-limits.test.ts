import { expect, test } from 'vitest';
import { CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import type { SpendingLimits } from '../../../../src/core/kernel/phases/limits.ts';
import {
  allowedLimits,
  closedLimits,
  describeLowered,
} from '../../../../src/core/session/commands/judge-limits.ts';
import { judgeStart } from '../../../../src/core/session/commands/judge-running.ts';
import type { Channel, CommandBy } from '../../../../src/core/session/events/bodies/who-acted.ts';

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
