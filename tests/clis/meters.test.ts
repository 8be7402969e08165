import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newCodexMeter } from '../../src/providers/codex/codex.ts';
import { newGeminiMeter } from '../../src/providers/gemini/gemini-meter.ts';
import { startCliSession } from './cli-session.ts';

const METERS = [
  ['codex', newCodexMeter],
  ['gemini', newGeminiMeter],
] as const;

test.each(METERS)('the log of a %s child tells what its last word tells', async (cli, newMeter) => {
  await using session = await startCliSession({ cli });
  await session.until(({ progress }) => progress.totalIterations >= 1 && progress.phase !== 'investigation');
  const ended = (await session.eventsOf('iteration_ended'))[0];
  const logs = join(session.paths.sessionDir, '_logs');
  const first = (await readdir(logs)).sort().find((name) => name.endsWith('.jsonl')) ?? '';
  const [, cliSession = ''] =
    /"(?:session_id|thread_id)":"([^"]+)"/.exec(await readFile(join(logs, first), 'utf8')) ?? [];
  const { tokens } = await newMeter({ cliSession, env: { HOME: session.homeDir } })();
  expect(tokens?.input).toBeGreaterThan(0);
  expect(ended?.cost).toMatchObject({
    inputTokens: tokens?.input,
    outputTokens: tokens?.output,
    cachedTokens: tokens?.cached,
  });
});
