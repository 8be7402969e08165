import { ulid } from 'ulid';
import type { Held, Oid } from '../../../../src/extensions/pool/board.ts';
import { GitBoard } from '../../../../src/extensions/pool/git-board.ts';
import { POOL_REFS } from '../../../../src/extensions/pool/git-remote.ts';
import { readStateNote, type StateNote, stateNoteText } from '../../../../src/extensions/pool/state-note.ts';
import { HandClock } from '../../../core/unit/supervisor/scene.ts';
import { type BoardRig, hostOf, LEASE_MS, type Member, PROJECT } from '../../../support/board-contract.ts';
import { makeRemotes, type Remotes } from './remotes.ts';

const CARD = { status: 'running', phase: 'planning', iteration: 7, at: '2026-01-08T00:00:00.000Z' };
const REST = { n: 1, lease: 1, version: '0.0.0-test', card: CARD };

/** Members, each with its own repository. Commits are unsigned, and all are trusted except a stranger's. */
export async function gitBoards(): Promise<BoardRig & { remotes: Remotes; at(member: Member): string }> {
  const remotes = await makeRemotes();
  const folders = new Map<Member, string>();
  const at = (member: Member) => folders.get(member) as string;
  const noteAt = async (oid: Oid) => {
    const reading = readStateNote(await remotes.git(remotes.url, 'log', '-1', '--format=%B', oid));
    if (reading.kind !== 'note') throw new Error(reading.kind);
    return reading.note;
  };
  const pass = async (ms: number) => {
    for (const { clock } of folders.keys()) clock.pass(ms);
  };
  const push = async (by: Member, note: StateNote, before?: Oid) => {
    const state = await remotes.commit(at(by), stateNoteText(note), ...(before ? [before] : []));
    await remotes.remote(at(by)).move(`${POOL_REFS}sessions/${note.id}`, state, before);
    return state;
  };
  return {
    ...{ remotes, at },
    async join(labels = ['claude']) {
      const folder = await remotes.machine(`machine ${folders.size}`);
      const clock = new HandClock();
      const host = hostOf(folders.size, labels);
      const board = new GitBoard({
        ...{ clock, leaseMs: LEASE_MS, remote: remotes.remote(folder) },
        git: { cwd: folder, baseEnv: remotes.env },
        seal: (text) => remotes.commit(folder, text),
        async open(oid) {
          const text = await remotes.git(folder, 'log', '-1', '--format=%B', oid);
          return text.includes('stranger') ? undefined : { text, person: 'someone' };
        },
        commit: (tree, parents, note) =>
          remotes.git(folder, 'commit-tree', tree, '-m', note, ...parents.flatMap((each) => ['-p', each])),
      });
      const member = { board, host, clock };
      folders.set(member, folder);
      return member;
    },
    async offer(by, { id = ulid(), folder = id, needs = [], project = PROJECT, wanted = true } = {}) {
      const note = { ...REST, v: 1 as const, id, project, folder, needs, wanted, epoch: 0 };
      const state = await remotes.commit(at(by), stateNoteText(note));
      await by.board.offer({ id, project, folder, needs, state });
      return id;
    },
    async publish(by: Member, held: Held, wanted: boolean) {
      const before = await remotes.git(remotes.url, 'rev-parse', `${POOL_REFS}sessions/${held.id}`);
      const state = await push(by, { ...(await noteAt(before)), wanted }, before);
      return { state, has: await by.board.index(held, state, { ...CARD, wanted }) };
    },
    pass,
    // It looks at nothing until the test says so.
    away: (_, ms) => pass(ms),
    [Symbol.asyncDispose]: () => remotes[Symbol.asyncDispose](),
  };
}
