import { ulid } from 'ulid';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { sessionRef } from '../../src/extensions/pool/board/git-remote.ts';
import { RemoteBoard } from '../../src/extensions/pool/board/remote-board.ts';
import { stateManifestText } from '../../src/extensions/pool/board/state-manifest.ts';
import { makeRemotes, serve } from '../../tests/extensions/pool/processes/remotes.ts';
import { percentile, timed } from './postgres.ts';

const SESSIONS = 1000;
const ROUNDS = 20;
const PROJECT = '1'.repeat(40);
const SUMMARY = { status: 'running', phase: 'planning', iteration: 7, at: '2026-01-08T00:00:00.000Z' };

/** One host and a remote with many sessions, without signatures: those cost the same for every board. */
export async function measureGit(): Promise<Record<string, number>> {
  await using remotes = await makeRemotes();
  await using server = await serve(remotes.root);
  const [maker, folder] = [await remotes.machine('maker'), await remotes.machine('host')];
  const refs: string[] = [];
  for (let nth = 0; nth < SESSIONS; nth += 1) {
    const id = ulid();
    const kept = { v: 1 as const, n: 1, lease: 1, version: '0.0.0', card: SUMMARY };
    const note = { ...kept, id, project: PROJECT, folder: id, needs: [], wanted: true, epoch: 0 };
    const state = await remotes.commit(maker, stateManifestText(note));
    refs.push(`${state}:${sessionRef(id)}`);
  }
  await remotes.git(maker, 'push', '--quiet', remotes.url, ...refs);
  const board = new RemoteBoard({
    remote: remotes.remote(folder, { url: `git://127.0.0.1:${server.port}/remote.git` }),
    git: { cwd: folder, baseEnv: remotes.env },
    clock: systemClock,
    listNumber: async () => 1,
    sign: (text) => remotes.commit(folder, text),
    verify: async (oid) => {
      const text = await remotes.git(folder, 'log', '-1', '--format=%B', oid);
      return { text, person: 'me', machine: 'machine' };
    },
    commit: (tree, parents, note) =>
      remotes.git(folder, 'commit-tree', tree, '-m', note, ...parents.flatMap((each) => ['-p', each])),
  });
  const card = { id: 'h0', name: 'machine', project: PROJECT, labels: [] };
  const host = { ...card, instanceId: '', slots: 1, level: 'off', version: '' } as const;
  const first = await timed(() => board.renew(host));
  const renewals: { ms: number }[] = [];
  for (let turn = 0; turn < ROUNDS; turn += 1) renewals.push(await timed(() => board.renew(host)));
  return {
    gitFirstMs: percentile([first], 50),
    gitRenewMsP50: percentile(renewals, 50),
    gitRenewMsP99: percentile(renewals, 99),
  };
}
