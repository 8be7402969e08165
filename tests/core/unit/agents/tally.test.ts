import { expect, test } from 'vitest';
import { newClaudeReader } from '../../../../src/core/agents/claude/claude-stream.ts';
import { newCodexReader } from '../../../../src/core/agents/codex/codex-stream.ts';
import { Tally } from '../../../../src/core/agents/reading/tally.ts';

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
