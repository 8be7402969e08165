import { join } from 'node:path';
import { ulid } from 'ulid';
import type { Board, RemoteCommand } from '../../src/extensions/pool/board/board.ts';
import { CommandInbox } from '../../src/extensions/pool/membership/remote-commands.ts';
import { changeFile } from '../core/faults/with-settings.ts';
import { hostOf } from './board-contract.ts';
import { type RigPlan, startRig } from './session-rig.ts';
import { endOfWorker } from './supervisors.ts';
import { continueHere } from './worker-in-this-process.ts';

type Settles = Pick<Board, 'settle'>;
const NO_BOARD: Settles = { settle: async () => undefined };

/** A session that the machine `anna` has, and another member of its pool, `bert`, who sends acts. */
export async function heldSession(plan: RigPlan, board: Settles = NO_BOARD) {
  const rig = await startRig({ ...plan, here: true });
  await endOfWorker(rig);
  await changeFile(rig, () => ({ pool: true }));
  const { repo, file } = rig;
  const hostInfo = { ...hostOf(0, []), name: 'anna' };
  const place = { ...file, commonDir: join(repo.path, '.git') };
  const reports: unknown[] = [];
  const report = (_: string, error: unknown) => void reports.push(error);
  const parts = { board, hostInfo, context: rig.context(), place, report, wake: async () => undefined };
  const held = { id: file.id, epoch: 1, folder: file.folder, published: '', sinceMs: 0 };
  const delivered = new CommandInbox(parts);
  async function deliver(act: RemoteCommand) {
    const { n } = await rig.state();
    await delivered.deliver(act, held);
    await continueHere(rig);
    return await rig.events(n);
  }
  return {
    ...{ rig, hostInfo, held, delivered, reports },
    /** Delivers a command that bert has sent, and works on the session. @returns the events since then */
    async send(request: object, by: object = { channel: 'cli' }) {
      const id = ulid();
      const command = JSON.stringify({ v: 1, id, by, at: '2026-01-08T10:00:00.000Z', ...request });
      return await deliver({ session: file.id, id, command, person: 'bert', machine: 'bert' });
    },
    deliver,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
