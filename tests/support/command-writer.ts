// A separate process that sends commands to a session in batches, the last of each batch as the acts do.
import { ulid } from 'ulid';
import { type CommandRequest, untilAnswered } from '../../src/core/caller/commands/send-command.ts';
import { isoUtc, systemClock } from '../../src/core/kernel/clock.ts';
import { isSamocodeError } from '../../src/core/kernel/errors.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { type Command, leaveCommand } from '../../src/core/session/commands/commands.ts';
import { sessionPaths } from '../../src/core/session/layout/paths.ts';
import { quickClock } from './quick-clock.ts';

export interface WriterPlan {
  sessionsDir: string;
  folder: string;
  worker: string;
  env: Readonly<Record<string, string | undefined>>;
  heaps: number;
  heapSize: number;
}

const plan = JSON.parse(process.argv[2] ?? '') as WriterPlan;
const paths = sessionPaths(plan.sessionsDir, plan.folder);
const context = {
  /** Patient: a storm of commands takes a while. */
  clock: quickClock(1 / 40),
  host: await systemHost(),
  env: plan.env,
  home: '/nonexistent',
  cwd: '/',
  by: { channel: 'cli' as const },
  programs: { worker: plan.worker, rehearsal: '' },
};

/** A message is accepted, a stop of a stopped session refused. */
function request(index: number): CommandRequest {
  return index % 5 === 4 ? { kind: 'stop', when: 'now' } : { kind: 'message', text: `message ${index}` };
}

for (let heap = 0; heap < plan.heaps; heap += 1) {
  const ids = Array.from({ length: plan.heapSize }, () => ulid());
  for (const [index, id] of ids.entries()) {
    const head = { v: 1, id, by: context.by, at: isoUtc(systemClock.now()) };
    const command = { ...head, ...request(index) } as Command;
    await leaveCommand(paths, command);
    // Sent twice, perhaps after it was answered.
    if (index % 10 === 3) await leaveCommand(paths, command);
  }
  const last = untilAnswered(paths, { id: ids.at(-1) ?? '', kind: 'message' }, context);
  await last.catch((error: unknown) => {
    if (!(isSamocodeError(error) && error.code === 'not_running')) throw error;
  });
  process.stdout.write(`${ids.join('\n')}\n`);
}
