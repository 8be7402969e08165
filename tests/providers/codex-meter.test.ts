import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newCodexMeter } from '../../src/providers/codex/codex.ts';
import { readCodexTraces } from '../../src/providers/codex/codex-rollout.ts';
import { tempDir } from '../support/temp-dir.ts';

const THREAD = '01a1f89f-367e-7b61-9545-11318fe1f0bb';

const usage = (input: number, output: number) => ({
  input_tokens: input,
  cached_input_tokens: 300,
  output_tokens: output,
});
const answer = (input: number, output: number) =>
  `${JSON.stringify({ type: 'token_usage_record', payload: { usage: usage(1, 1), thread_token_usage: usage(input, output) } })}\n`;
const older = (input: number, output: number) =>
  `${JSON.stringify({ type: 'event_msg', payload: { type: 'token_count', info: { total_token_usage: usage(input, output) }, rate_limits: null } })}\n`;
const MODEL = `${JSON.stringify({ type: 'turn_context', payload: { model: 'gpt-5.2' } })}\n`;

async function scene() {
  const dir = await tempDir();
  const folder = join(dir.path, 'sessions/2026/11/20');
  await mkdir(folder, { recursive: true });
  const question = { cliSession: THREAD, env: { CODEX_HOME: dir.path } };
  return { dir, path: join(folder, `rollout-2026-11-20T11-02-26-${THREAD}.jsonl`), question };
}

test('what Codex has spent is known after every answer', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  const meter = newCodexMeter(question);
  expect(await meter()).toEqual({});
  await writeFile(path, MODEL);
  expect(await meter()).toEqual({ model: 'gpt-5.2' });
  await appendFile(path, `${answer(1500, 60)}{"type":"response_item","payload":{"text":"token_count"}}\n`);
  expect(await meter()).toEqual({ model: 'gpt-5.2', tokens: { input: 1200, cached: 300, output: 60 } });
  await appendFile(path, older(3000, 120));
  expect((await meter()).tokens).toEqual({ input: 2700, cached: 300, output: 120 });
  expect((await meter()).tokens).toEqual({ input: 2700, cached: 300, output: 120 });
});

test('a line that is still being written is read when it is whole, and a huge one is passed over', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  const meter = newCodexMeter(question);
  const line = answer(1500, 60);
  await writeFile(path, line.slice(0, 40));
  expect(await meter()).toEqual({});
  await appendFile(path, line.slice(40));
  expect((await meter()).tokens?.output).toBe(60);
  await appendFile(path, `{"type":"response_item","payload":{"text":"${'x'.repeat(3_000_000)}`);
  expect((await meter()).tokens?.output).toBe(60);
  await appendFile(path, `"}}\n${answer(3000, 120)}`);
  expect((await meter()).tokens?.output).toBe(120);
});

test('what a Codex that was ended had spent is found afterwards', async () => {
  const { dir, path, question } = await scene();
  await using _ = dir;
  await writeFile(path, `${MODEL}${answer(1500, 60)}${answer(3000, 120)}{"type":"resp`);
  expect(await readCodexTraces({ ...question, final: undefined, now: 0 })).toEqual({
    model: 'gpt-5.2',
    tokens: { input: 2700, cached: 300, output: 120 },
  });
});
