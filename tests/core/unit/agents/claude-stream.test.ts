import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { newClaudeReader } from '../../../../src/core/agents/claude/claude-stream.ts';
import { newCodexReader } from '../../../../src/core/agents/codex/codex-stream.ts';
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

const USAGE = {
  input_tokens: 10,
  cache_creation_input_tokens: 5,
  cache_read_input_tokens: 100,
  output_tokens: 2,
};

const answer = (id: string, ...content: object[]) =>
  JSON.stringify({ type: 'assistant', message: { id, content, usage: USAGE } });
const text = (words: string) => ({ type: 'text', text: words });

function tokensOf(...lines: string[]) {
  const reader = newClaudeReader();
  const tally = new Tally();
  for (const line of lines) for (const event of reader.readLine(line)) tally.note(event);
  return tally.tokens;
}

test('an answer of several blocks is counted once, and every further answer is added', () => {
  expect(tokensOf(answer('a', text('One')), answer('a', text('1')), answer('b', text('Two')))).toEqual({
    input: 30,
    output: 4,
    cached: 200,
  });
});

test('answers of parallel agents are counted once each, however their lines alternate', () => {
  const lines = ['a', 'b', 'a', 'b', 'a'].map((id) => answer(id, text('x')));
  expect(tokensOf(...lines)).toEqual({ input: 30, output: 4, cached: 200 });
});

test('output longer than first reported is counted by its length: text, thoughts and calls', () => {
  const thought = { type: 'thinking', thinking: 'x'.repeat(400), signature: 'y'.repeat(1000) };
  const call = { type: 'tool_use', name: 'Write', input: { content: 'x'.repeat(781) } };
  const lines = [answer('a', thought), answer('a', text('x'.repeat(400))), answer('a', call)];
  expect(tokensOf(...lines)).toEqual({ input: 15, output: 400, cached: 100 });
});

test("Claude Code's own error text does not count as output of a model", () => {
  const line = {
    type: 'assistant',
    error: 'server_error',
    message: { id: 'a', content: [text('x'.repeat(4000))], usage: USAGE },
  };
  expect(tokensOf(JSON.stringify(line)).output).toBe(2);
});

test('of thousands of answers only the newest are tracked', () => {
  const lines = Array.from({ length: 600 }, (_, index) => answer(`${index}`, text('x')));
  expect(tokensOf(...lines, answer('599'), answer('0'))).toMatchObject({ input: 601 * 15 });
});

test('usage in any other form is ignored', () => {
  const line = JSON.stringify({
    type: 'assistant',
    message: { id: 'a', content: [], usage: { input_tokens: -5 } },
  });
  expect(newClaudeReader().readLine(line)).toMatchObject([{ kind: 'spent', tokens: { input: 0 } }]);
  const none = JSON.stringify({ type: 'assistant', message: { id: 'a', content: [], usage: 'much' } });
  expect(newClaudeReader().readLine(none)).toEqual([]);
});

test('a recorded Claude Code run reports its tokens while it runs', async () => {
  const sample = new URL('../../../fixtures/cli-samples/claude-2.1.328/agent-cwd.jsonl', import.meta.url);
  const lines = await readFile(sample, 'utf8');
  expect(tokensOf(...lines.split('\n')).input).toBeGreaterThan(0);
});

test('tools are counted and files listed once, both up to a limit', () => {
  const tally = new Tally();
  for (let call = 0; call < 500; call += 1) {
    tally.note({ kind: 'called', tool: `tool ${call % 100}`, about: '', path: `/file ${call % 90}` });
  }
  expect(Object.keys(tally.tools)).toHaveLength(41);
  expect(Object.values(tally.tools).reduce((sum, count) => sum + count, 0)).toBe(500);
  expect(tally.files).toHaveLength(60);
});

test('the last final report counts, and facts about a CLI add up', () => {
  const tally = new Tally();
  tally.note({ kind: 'started', cliSession: 'a' });
  tally.note({ kind: 'started', model: 'm' });
  tally.note({ kind: 'final', report: { ok: false } });
  tally.note({ kind: 'final', report: { ok: true } });
  expect(tally).toMatchObject({ started: { cliSession: 'a', model: 'm' }, final: { ok: true } });
});

test('a spurious second result of Claude Code lowers neither cost nor tokens, and does not undo the first', () => {
  const tally = new Tally();
  const reader = newClaudeReader();
  const ends = (fields: object) => {
    const line = JSON.stringify({ type: 'result', subtype: 'success', is_error: false, ...fields });
    for (const event of reader.readLine(line)) tally.note(event);
  };
  const opus = { inputTokens: 900, outputTokens: 70, cacheReadInputTokens: 5 };
  ends({ num_turns: 7, total_cost_usd: 0.42, result: 'All done.', modelUsage: { opus } });
  const first = tally.final;
  ends({ is_error: true, num_turns: 0, total_cost_usd: 0, result: 'only prompt commands', modelUsage: {} });
  expect(tally.final).toEqual(first);
  ends({ num_turns: 8, total_cost_usd: 0.5, usage: { input_tokens: 10, output_tokens: 80 } });
  expect(tally.final).toMatchObject({ costUsd: 0.5, tokens: { input: 900, output: 80, cached: 5 } });
});

test('Codex is offline while it only waits for the network, and back with its next event', () => {
  const tally = new Tally();
  const reader = newCodexReader();
  const read = (line: object) => {
    for (const event of reader.readLine(JSON.stringify(line))) tally.note(event);
  };
  read({ type: 'error', message: 'Reconnecting... 1/5 (unexpected status 500)' });
  expect(tally.isOffline).toBe(false);
  read({ type: 'error', message: 'Reconnecting... waiting for network (Connection failed: x)' });
  expect(tally.isOffline).toBe(true);
  read({ type: 'item.completed', item: { type: 'agent_message', text: 'Back.' } });
  expect(tally.isOffline).toBe(false);
});

test('text of a subagent ends no call of another one; text of the agent ends all', () => {
  const tally = new Tally();
  const reader = newClaudeReader();
  const says = (content: object, parent_tool_use_id: string | null = null) => {
    const line = JSON.stringify({ type: 'assistant', parent_tool_use_id, message: { content: [content] } });
    for (const event of reader.readLine(line)) tally.note(event);
  };
  const calls = (name: string) => ({ type: 'tool_use', id: name, name, input: {} });
  says(calls('Task'));
  says(calls('Bash'), 'one');
  says({ type: 'text', text: 'Two piers are done.' }, 'two');
  expect(tally).toMatchObject({ isInTool: true, activity: 'Two piers are done.' });
  says({ type: 'text', text: 'All piers are done.' });
  expect(tally.isInTool).toBe(false);
});
