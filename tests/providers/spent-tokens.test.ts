import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { newClaudeReader } from '../../src/providers/claude-stream.ts';
import { Tally } from '../../src/providers/tally.ts';

const answer = (id: string, block: object) =>
  JSON.stringify({
    type: 'assistant',
    message: {
      id,
      content: [block],
      usage: {
        input_tokens: 10,
        cache_creation_input_tokens: 5,
        cache_read_input_tokens: 100,
        output_tokens: 2,
      },
    },
  });

test('an answer of several blocks is counted once, and every further answer is added', async () => {
  const reader = newClaudeReader();
  const tally = new Tally();
  const lines = [
    answer('a', { type: 'text', text: 'One' }),
    answer('a', { type: 'tool_use', name: 'Bash', input: { command: 'ls' } }),
    answer('b', { type: 'text', text: 'Two' }),
  ];
  for (const line of lines) for (const event of reader.readLine(line)) tally.note(event);
  expect(tally.tokens).toEqual({ input: 30, output: 4, cached: 200 });
});

test('usage of any other shape is left out', () => {
  const line = JSON.stringify({
    type: 'assistant',
    message: { id: 'a', content: [], usage: { input_tokens: -5 } },
  });
  expect(newClaudeReader().readLine(line)).toMatchObject([{ kind: 'spent', tokens: { input: 0 } }]);
  const none = JSON.stringify({ type: 'assistant', message: { id: 'a', content: [], usage: 'much' } });
  expect(newClaudeReader().readLine(none)).toEqual([]);
});

test('a recorded Claude Code run tells its tokens as it goes', async () => {
  const sample = new URL('../fixtures/cli-samples/claude-2.1.328/agent-cwd.jsonl', import.meta.url);
  const text = await readFile(sample, 'utf8');
  const tally = new Tally();
  const reader = newClaudeReader();
  for (const line of text.split('\n')) for (const event of reader.readLine(line)) tally.note(event);
  expect(tally.tokens.input).toBeGreaterThan(0);
});
