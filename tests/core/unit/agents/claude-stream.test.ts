import { expect, test } from 'vitest';
import { newClaudeReader } from '../../../../src/core/agents/claude/claude-stream.ts';
import type { AgentEvent, FinalReport } from '../../../../src/core/agents/contract/events.ts';
import { Tally } from '../../../../src/core/agents/reading/tally.ts';

function read(...lines: unknown[]): AgentEvent[] {
  const reader = newClaudeReader();
  return lines.flatMap((line) => reader.readLine(typeof line === 'string' ? line : JSON.stringify(line)));
}

function finalOf(...lines: unknown[]): FinalReport | undefined {
  return read(...lines)
    .map((event) => (event.kind === 'final' ? event.report : undefined))
    .findLast((report) => report !== undefined);
}

const INIT = {
  type: 'system',
  subtype: 'init',
  cwd: '/wt',
  session_id: 's',
  model: 'm',
  claude_code_version: '2.1',
};
const FAILED = { type: 'result', subtype: 'success', is_error: true, terminal_reason: 'api_error' };
const saying = (error: string) => ({
  type: 'assistant',
  error,
  message: { content: [{ type: 'text', text: 'x' }] },
});
const using = (name: string, input: unknown) => ({
  type: 'assistant',
  message: { content: [{ type: 'tool_use', id: 't', name, input }] },
});

/** What the agent does after these lines. */
function activityAfter(...lines: unknown[]): string | undefined {
  const tally = new Tally();
  for (const event of read(...lines)) tally.note(event);
  return tally.activity;
}

test('the first line has the version, the model, the CLI session and the working directory', () => {
  expect(read(INIT)).toEqual([{ kind: 'started', version: '2.1', model: 'm', cliSession: 's', cwd: '/wt' }]);
});

test('a tool call is shown as its name and subject, with paths below the working directory shortened', () => {
  const shown = [
    using('Bash', { command: 'npm test\necho', description: 'x' }),
    using('Write', { file_path: '/wt/src/x.ts' }),
    using('Read', { file_path: '/home/ada/sessions/26-01-08-x/_qa.md' }),
    using('Odd', 7),
  ].map((line) => activityAfter(INIT, line));
  expect(shown).toEqual(['Bash: npm test', 'Write: src/x.ts', 'Read: …/26-01-08-x/_qa.md', 'Odd']);
  expect(read(using('Write', { file_path: '/wt/src/x.ts' }))).toMatchObject([
    { kind: 'called', tool: 'Write', path: '/wt/src/x.ts' },
  ]);
});

test('text becomes one line of at most 120 characters', () => {
  const text = `\n${'a'.repeat(500)}\nb`;
  const line = { type: 'assistant', message: { content: [{ type: 'text', text }] } };
  expect(activityAfter(line)).toMatch(/^a{119}…$/);
});

test('a good result carries cost, turns, summed tokens and each denied tool once', () => {
  expect(
    finalOf({
      type: 'result',
      subtype: 'success',
      is_error: false,
      num_turns: 3,
      total_cost_usd: 0.5,
      result: 'All done.\nmore',
      modelUsage: {
        a: { inputTokens: 10, outputTokens: 1, cacheReadInputTokens: 5, cacheCreationInputTokens: 2 },
        b: { inputTokens: 1, outputTokens: 1 },
      },
      permission_denials: [{ tool_name: 'Bash' }, { tool_name: 'Bash' }],
    }),
  ).toEqual({
    ok: true,
    text: 'All done.',
    turns: 3,
    costUsd: 0.5,
    tokens: { input: 13, output: 2, cached: 5 },
    deniedTools: ['Bash'],
  });
});

test('of several results the last one counts', () => {
  const result = { type: 'result', subtype: 'success', is_error: false };
  expect(finalOf({ ...result, total_cost_usd: 1 }, INIT, { ...result, total_cost_usd: 2 })?.costUsd).toBe(2);
});

test('a subtype of success does not hide an error', () => {
  expect(finalOf(FAILED)).toMatchObject({ ok: false, problem: { kind: 'crashed' } });
});

test('a reached usage limit has its end time', () => {
  const rejected = {
    type: 'rate_limit_event',
    rate_limit_info: { status: 'rejected', resetsAt: 1_700_000_000 },
  };
  const events = read(rejected, { ...FAILED, api_error_status: 429, api_error: 'usage_limit_reached' });
  expect(events[0]).toEqual({ kind: 'limit', until: 1_700_000_000_000 });
  expect(events.at(-1)).toMatchObject({
    report: { problem: { kind: 'usage_limit', until: 1_700_000_000_000 } },
  });
});

test('the windows of a plan are read from the line about limits, in any state, and broken ones are left out', () => {
  const line = (status: string, unifiedWindows: unknown) =>
    read({ type: 'rate_limit_event', rate_limit_info: { status, resetsAt: 1_700_000_000, unifiedWindows } });
  const five_hour = { utilization: 0.42, resetsAt: 1_795_792_997, status: 'allowed' };
  const seven_day = { utilization: 0.63, resetsAt: 1_796_185_797, status: 'allowed' };
  const fiveHours = { window: '5h', used: 0.42, endsAt: 1_795_792_997_000 };
  const sevenDays = { window: '7d', used: 0.63, endsAt: 1_796_185_797_000 };
  const both = { kind: 'windows', windows: [fiveHours, sevenDays] };
  expect(line('allowed_warning', { five_hour, seven_day, seven_day_overage_included: seven_day })).toEqual([
    both,
  ]);
  expect(line('rejected', { five_hour, seven_day })).toEqual([
    both,
    { kind: 'limit', until: 1_700_000_000_000 },
  ]);
  expect(line('allowed', { five_hour, seven_day: { utilization: 'much' } })).toEqual([
    { kind: 'windows', windows: [fiveHours] },
  ]);
  expect(line('allowed', 'none')).toEqual([]);
});

test('a warning about a limit is not a limit', () => {
  expect(
    read({ type: 'rate_limit_event', rate_limit_info: { status: 'allowed_warning', resetsAt: 1 } }),
  ).toEqual([]);
});

test.each([
  [{ api_error_status: 401 }, '', 'auth'],
  [{ api_error_status: null }, 'authentication_failed', 'auth'],
  [{ api_error_status: 400 }, 'billing_error', 'budget'],
  [{ subtype: 'error_max_budget_usd' }, '', 'budget'],
  [{ api_error_status: 404 }, 'model_not_found', 'config'],
  [{ api_error_status: 429 }, 'rate_limit', 'overloaded'],
  [{ api_error_status: 529 }, 'server_error', 'overloaded'],
  [{ api_error_status: null, api_error: 'connection_failed' }, 'server_error', 'network'],
  [{ stop_reason: 'refusal' }, 'invalid_request', 'refused'],
  [{ terminal_reason: 'prompt_too_long', api_error_status: 400 }, 'invalid_request', 'crashed'],
])('a result with %j after "%s" is parsed as %s', (fields, errorClass, kind) => {
  expect(finalOf(saying(errorClass), { ...FAILED, ...fields })?.problem).toEqual({ kind });
});

test('reaching the turn limit is not a failure of the agent', () => {
  const report = finalOf({
    type: 'result',
    subtype: 'error_max_turns',
    is_error: true,
    errors: ['Reached 2 turns'],
  });
  expect(report).toEqual({ ok: false, text: 'Reached 2 turns' });
});

test('unknown types, odd fields and torn lines are ignored', () => {
  expect(
    read(
      '',
      'plain',
      '{"type":"result"',
      '[]',
      { type: 'ui_invalidate' },
      { type: 'system', subtype: 'task_x' },
    ),
  ).toEqual([]);
  expect(read({ type: 'assistant', message: { content: 'no list' } }, { type: 'assistant' })).toEqual([]);
});
