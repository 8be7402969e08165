// A separate process that tries to acquire leases when its parent says so, over node's IPC channel.
import { BASE_ERRORS } from '../../src/core/kernel/base-errors.ts';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { systemHost } from '../../src/core/kernel/processes/host.ts';
import { acquireLease, type OwnedLease } from '../../src/core/kernel/processes/lease.ts';

/** The parent's request. `atMs`: every process begins in the same millisecond. */
export type ControlQuestion =
  | { kind: 'take'; dir: string; atMs: number }
  | { kind: 'check' }
  | { kind: 'release' };

export type Answer =
  | { kind: 'took'; number: number; previous: string }
  | { kind: 'held'; by: number }
  | { kind: 'owner'; is: boolean }
  | { kind: 'released' }
  | { kind: 'failed'; error: string };

let lease: OwnedLease | undefined;

async function answer(ask: ControlQuestion): Promise<Answer> {
  switch (ask.kind) {
    case 'take':
      // Sleeping would wake them one after the other.
      while (systemClock.now() < ask.atMs);
      lease = await acquireLease(ask.dir, { host: await systemHost(), clock: systemClock });
      return { kind: 'took', number: lease.number, previous: lease.previous?.how ?? 'none' };
    case 'check':
      return { kind: 'owner', is: await isOwner() };
    case 'release':
      await lease?.release();
      return { kind: 'released' };
    default:
      return ask satisfies never;
  }
}

async function isOwner(): Promise<boolean> {
  try {
    await lease?.check();
    return lease !== undefined;
  } catch {
    return false;
  }
}

process.on('message', (ask: ControlQuestion) => {
  void answer(ask)
    .catch((error: unknown): Answer => {
      if (BASE_ERRORS.lease_held.is(error)) return { kind: 'held', by: error.args.number };
      return { kind: 'failed', error: String(error) };
    })
    .then((said) => process.send?.(said));
});
process.on('disconnect', () => process.exit());
