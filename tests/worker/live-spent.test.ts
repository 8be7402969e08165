import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Tally } from '../../src/providers/reading/tally.ts';
import { liveSpent } from '../../src/worker/limits/live-spent.ts';
import { tempDir } from '../support/temp-dir.ts';

const THREAD = '01a1f89f-367e-7b61-9545-11318fe1f0bb';
const HOUR_MS = 3_600_000;

test('the money of a running Codex is estimated from what it notes, its final report knows better', async () => {
  await using dir = await tempDir();
  const folder = join(dir.path, '.codex/sessions/2026/11/20');
  await mkdir(folder, { recursive: true });
  const usage = { input_tokens: 1_000_000, cached_input_tokens: 0, output_tokens: 100_000 };
  const line = { type: 'token_usage_record', payload: { thread_token_usage: usage } };
  await writeFile(join(folder, `rollout-x-${THREAD}.jsonl`), `${JSON.stringify(line)}\n`);
  const seen = new Tally();
  const live = liveSpent({ env: { HOME: dir.path } }, { provider: 'codex', model: 'gpt-5-codex' }, { seen });
  expect(await live(HOUR_MS)).toEqual({ usd: 0, tokens: 0, hours: 1, iterations: 0 });
  seen.note({ kind: 'started', cliSession: THREAD });
  expect(await live(HOUR_MS)).toMatchObject({ usd: 2.25, tokens: 1_100_000 });
  seen.note({ kind: 'final', report: { ok: true, tokens: { input: 2, output: 3, cached: 0 } } });
  expect(await live(HOUR_MS)).toMatchObject({ tokens: 5 });
});

test('a child whose CLI notes nothing has spent what its output tells', async () => {
  const seen = new Tally();
  const live = liveSpent({ env: {} }, { provider: 'gemini', model: 'gemini-2.5-pro' }, { seen });
  seen.note({ kind: 'started', cliSession: 'x' });
  seen.note({ kind: 'spent', tokens: { input: 7, output: 3, cached: 100 } });
  expect(await live(0)).toEqual({ usd: 0, tokens: 10, hours: 0, iterations: 0 });
});
