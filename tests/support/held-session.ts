import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { systemClock } from '../../src/core/kernel/clock.ts';
import type { Board, RemoteCommand } from '../../src/extensions/pool/board/board.ts';
import { textToSign, verifiedCommand } from '../../src/extensions/pool/board/signed-command.ts';
import { hostKey } from '../../src/extensions/pool/members/host-keys.ts';
import { CommandInbox } from '../../src/extensions/pool/membership/remote-commands.ts';
import { PoolStates } from '../../src/extensions/pool/states/pool-states.ts';
import { changeFile } from '../core/faults/with-settings.ts';
import { hostOf } from './board-contract.ts';
import { listOf } from './pool-scene.ts';
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
  const git = { cwd: repo.path, baseEnv: repo.env };
  const keyOf = async (name: string) => {
    const folder = join(repo.homeDir, 'keys', name);
    await mkdir(folder, { recursive: true });
    return { folder, member: { id: name, name, publicKey: await hostKey(folder, repo.env) } };
  };
  const [anna, bert, eve] = [await keyOf('anna'), await keyOf('bert'), await keyOf('eve')];
  const list = listOf(anna.member, bert.member);
  const hostInfo = { ...hostOf(0, []), name: 'anna' };
  const signingOf = ({ folder }: typeof anna) =>
    new PoolStates({ folder, lists: { kept: async () => list }, git, hostInfo, clock: systemClock }).signing;
  const place = { ...file, commonDir: join(repo.path, '.git') };
  const reports: unknown[] = [];
  const report = (_: string, error: unknown) => void reports.push(error);
  const parts = { board, hostInfo, context: rig.context(), place, report, wake: async () => undefined };
  const held = { id: file.id, epoch: 1, folder: file.folder, published: '', sinceMs: 0 };
  const delivered = new CommandInbox(parts);
  const own = signingOf(anna);
  async function deliver(act: RemoteCommand) {
    const { n } = await rig.state();
    await delivered.deliver(act, held);
    await continueHere(rig);
    return await rig.events(n);
  }
  return {
    ...{ rig, hostInfo, held, delivered, reports },
    signing: { anna: own, bert: signingOf(bert), eve: signingOf(eve) },
    /** Delivers a command that bert has signed, and works on the session. @returns the events since then */
    async send(request: object, by: object = { channel: 'cli' }) {
      const id = ulid();
      const command = JSON.stringify({ v: 1, id, by, at: '2026-01-08T10:00:00.000Z', ...request });
      const named = { session: file.id, id, command };
      const signed = await own.verifyEnvelope(await signingOf(bert).envelope(textToSign(named)));
      const act = signed && verifiedCommand(signed, named);
      if (act === undefined) throw new Error('The signature does not hold.');
      return await deliver(act);
    },
    deliver,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
