import { ulid } from 'ulid';
import type { Claim, Held, Oid, Ulid } from '../../../../src/extensions/pool/board/board.ts';
import { sessionRef } from '../../../../src/extensions/pool/board/git-remote.ts';
import { RemoteBoard } from '../../../../src/extensions/pool/board/remote-board.ts';
import {
  readStateManifest,
  type StateManifest,
  stateManifestText,
} from '../../../../src/extensions/pool/board/state-manifest.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { type BoardRig, hostOf, type Member, PROJECT } from '../../../support/board-contract.ts';
import { makeRemotes, type Remotes } from './remotes.ts';

const SUMMARY = { status: 'running', phase: 'planning', iteration: 7, at: '2026-01-08T00:00:00.000Z' };
const REST = { n: 1, lease: 1, version: '0.0.0-test', card: SUMMARY };

export type RemoteBoards = BoardRig &
  Required<Pick<BoardRig, 'take'>> & { remotes: Remotes; at(member: Member): string };

/** Members, each with its own repository. Commits are unsigned, and all are trusted except a stranger's. */
export async function remoteBoards(): Promise<RemoteBoards> {
  const remotes = await makeRemotes();
  const folders = new Map<Member, string>();
  const at = (member: Member) => folders.get(member) as string;
  const tipOf = (id: Ulid) => remotes.git(remotes.url, 'rev-parse', sessionRef(id));
  const manifestAt = async (oid: Oid) => {
    const reading = readStateManifest(await remotes.git(remotes.url, 'log', '-1', '--format=%B', oid));
    if (reading.kind !== 'manifest') throw new Error(reading.kind);
    return reading.manifest;
  };
  const push = async (by: Member, manifest: StateManifest, before: Oid) => {
    await remotes.remote(at(by)).fetch([sessionRef(manifest.id)]);
    const state = await remotes.commit(at(by), stateManifestText(manifest), before);
    const how = await remotes.remote(at(by)).move(sessionRef(manifest.id), state, before);
    return { state, isMoved: how === 'moved' };
  };
  const take = async (by: Member, id: Ulid): Promise<Claim | undefined> => {
    const before = await tipOf(id);
    const manifest = await manifestAt(before);
    const { id: host, name: hostName } = by.host;
    const mine = { ...manifest, host, hostName, epoch: manifest.epoch + 1, wanted: true };
    const { state, isMoved } = await push(by, mine, before);
    return isMoved ? { ...mine, state, moved: state, from: manifest.host } : undefined;
  };
  return {
    ...{ remotes, at, take },
    async join(labels = ['claude']) {
      const folder = await remotes.machine(`machine ${folders.size}`);
      const clock = new HandClock();
      const host = hostOf(folders.size, labels);
      const board = new RemoteBoard({
        ...{ clock, remote: remotes.remote(folder) },
        git: { cwd: folder, baseEnv: remotes.env },
        sign: (text) => remotes.commit(folder, text),
        listNumber: async () => 1,
        async verify(oid) {
          const text = await remotes.git(folder, 'log', '-1', '--format=%B', oid);
          return text.includes('stranger') ? undefined : { text, person: 'someone', machine: 'machine' };
        },
        commit: (tree, parents, manifest) =>
          remotes.git(
            folder,
            'commit-tree',
            tree,
            '-m',
            manifest,
            ...parents.flatMap((each) => ['-p', each]),
          ),
      });
      const claim = async (free: number) => {
        const { entries } = await board.renew(host);
        const open = entries.filter((entry) => entry.wanted && entry.host === undefined).slice(0, free);
        const claims: (Claim | undefined)[] = [];
        for (const { id } of open) claims.push(await take(member, id));
        await board.renew(host);
        return claims.filter((each) => each !== undefined);
      };
      const member: Member = { board, host, clock, claim };
      folders.set(member, folder);
      return member;
    },
    async offer(by, { id = ulid(), folder = id, needs = [], project = PROJECT, wanted = true } = {}) {
      const manifest = { ...REST, v: 1 as const, id, project, folder, needs, wanted, epoch: 0 };
      const state = await remotes.commit(at(by), stateManifestText(manifest));
      await by.board.offer({ id, project, folder, needs, state });
      return id;
    },
    async publish(by: Member, held: Held, wanted: boolean) {
      const before = await tipOf(held.id);
      const { state } = await push(by, { ...(await manifestAt(before)), wanted }, before);
      return { state, has: await by.board.index(held, state, { ...SUMMARY, wanted }) };
    },
    async pass(ms) {
      for (const { clock } of folders.keys()) clock.pass(ms);
    },
    [Symbol.asyncDispose]: () => remotes[Symbol.asyncDispose](),
  };
}
