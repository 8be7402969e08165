import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { providerNamed } from '../../../src/core/agents/registry.ts';
import { leaveCommand } from '../../../src/core/session/commands/commands.ts';
import { watchAgent } from '../../../src/core/worker/iteration/run-iteration.ts';
import type { WatchedAgent } from '../../../src/core/worker/iteration/watch.ts';
import { AgentOutput } from '../../../src/core/worker/limits/output.ts';
import { endAgentTree } from '../../../src/core/worker/state/processes.ts';
import { eventually } from '../../support/eventually.ts';
import { type TempLog, tempLog } from '../../support/temp-log.ts';
import {
  type ChildInGuard,
  childDoing,
  DIFFICULT,
  expectNoProcessLeft,
  leaving,
} from '../guard/child-in-guard.ts';

const ROUNDS = Number(process.env.SAMOCODE_SURVIVOR_ROUNDS ?? 1000);
const AT_ONCE = 4;
const ENDS = ['exited', 'timeout', 'stop'] as const;
const HOUR_MS = 3_600_000;

/**
 * One agent of each kind after the other, ended in each way, as a worker does: it watches the agent, then ends its
 * tree.
 */
async function playRound(round: number): Promise<void> {
  const end = ENDS[round % ENDS.length] ?? 'exited';
  const [, script] = DIFFICULT[Math.floor(round / ENDS.length) % DIFFICULT.length] ?? ['', ':'];
  await using log = await tempLog();
  await using child = await childDoing(log, end === 'exited' ? leaving(script) : script, {
    timeLimitMs: end === 'timeout' ? 500 : HOUR_MS,
  });
  await eventually(async () => (await child.text('up')) !== '', { what: 'a running agent' });
  if (end === 'stop') await stopNow(log);
  const { known, ...watched } = await watch(child);
  expect(watched.end).toBe(end);
  const { worker, child: record } = child;
  const left = { leftoversOnly: end === 'exited', known: [record.wrapper, ...known] };
  expect(await endAgentTree(worker, record, left)).toMatchObject({ kind: 'empty' });
  await expectNoProcessLeft(child);
}

async function watch({ worker, open, child, stdout }: ChildInGuard): Promise<WatchedAgent> {
  using log = new AgentOutput(stdout, providerNamed(open.provider));
  return await watchAgent(worker, open, child, log);
}

async function stopNow({ paths }: TempLog): Promise<void> {
  const by = { channel: 'cli' as const };
  const at = new Date().toISOString();
  await leaveCommand(paths, { v: 1, id: ulid(), by, at, kind: 'stop', when: 'now' });
}

test(`no process outlives ${ROUNDS} agents in the guard that are stopped, run out of time or end`, async () => {
  for (let round = 0; round < ROUNDS; round += AT_ONCE) {
    const rounds = Array.from({ length: Math.min(AT_ONCE, ROUNDS - round) }, (_, index) => round + index);
    await Promise.all(rounds.map(playRound));
  }
});
