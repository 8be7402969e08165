import { expect, test } from 'vitest';
import { runChaos } from '../faults/chaos/run-chaos.ts';

test('forty processes of running sessions are killed, and every session is completed', async () => {
  const lines: string[] = [];
  const { failed, killed } = await runChaos({
    kills: 40,
    seed: 11,
    atOnce: 2,
    say: (line) => lines.push(line),
  });
  expect(failed, lines.join('\n')).toBe(0);
  expect(killed).toBe(40);
});
