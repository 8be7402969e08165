import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { newClaudeReader } from '../../../../src/core/agents/claude/claude-stream.ts';
import { Tally } from '../../../../src/core/agents/reading/tally.ts';

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
