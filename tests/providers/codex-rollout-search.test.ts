import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newCodexMeter } from '../../src/providers/codex/codex.ts';
import { readCodexTraces } from '../../src/providers/codex/codex-rollout.ts';
import { tempDir } from '../support/temp-dir.ts';

const THREAD = '01a1f89f-367e-7b61-9545-11318fe1f0bb';
const MODEL = `${JSON.stringify({ type: 'turn_context', payload: { model: 'gpt-5.2' } })}\n`;

/** Codex's folder of days, with the log of the thread on one of them. */
async function daysWith(day: string) {
  const dir = await tempDir();
  for (const name of ['2025/12/30', '2025/12/31', '2026/01/07', '2026/01/08'])
    await mkdir(join(dir.path, 'sessions', name), { recursive: true });
  await writeFile(join(dir.path, 'sessions', day, `rollout-${THREAD}.jsonl`), MODEL);
  return { dir, question: { cliSession: THREAD, env: { CODEX_HOME: dir.path } } };
}

test.each(['2026/01/08', '2026/01/07'])(
  'the log of a running thread is found in one of the two newest days: %s',
  async (day) => {
    const { dir, question } = await daysWith(day);
    await using _ = dir;
    expect(await newCodexMeter(question)()).toEqual({ model: 'gpt-5.2' });
  },
);

test('the log of a running thread is not looked for in older days each second, only at its end', async () => {
  const { dir, question } = await daysWith('2025/12/31');
  await using _ = dir;
  expect(await newCodexMeter(question)()).toEqual({});
  const traces = await readCodexTraces({ ...question, final: undefined, now: 0 });
  expect(traces).toMatchObject({ model: 'gpt-5.2' });
});
