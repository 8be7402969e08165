import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resumeSession } from '../../../src/core/acts/sessions/resume-session.act.ts';
import { stopSession } from '../../../src/core/acts/sessions/stop-session.act.ts';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { type Bench, makeBench } from '../../support/bench.ts';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { startSession } from '../../support/start-session.ts';

/** A git server that accepts connections and never answers. */
async function silentServer() {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `git://127.0.0.1:${port}/boats`,
    called: once(server, 'connection'),
    [Symbol.dispose]: () => void server.close(),
  };
}

async function stopNow(bench: Bench, session: string): Promise<void> {
  await stopSession({ session, when: 'now' }, bench.context);
  const isStopped = async () => (await bench.view(session)).state.status.kind === 'stopped';
  await eventually(isStopped, { what: 'the stop' });
}

test('a stop ends a fetch from a remote that never answers', ci, async () => {
  using remote = await silentServer();
  await using bench = await makeBench();
  await bench.repo.git(['remote', 'add', 'origin', remote.url]);
  const { view } = await startSession({ task: 'Give every boat a name' }, bench.context);
  await remote.called;
  await stopNow(bench, view.folder);
  expect((await bench.view(view.folder)).state.prepared).toBe(false);
});

test('a stop ends the checkout of a worktree, which is created again when the session continues', async () => {
  await using bench = await makeBench();
  const { repo, context } = bench;
  const begun = join(repo.root, 'begun');
  const slowOnce = `if [ -e '${begun}' ]; then cat; else touch '${begun}'; sleep 60; fi`;
  await repo.commit('a slow file', { '.gitattributes': '*.slow filter=slow\n', 'a.slow': 'slow\n' });
  await repo.git(['config', 'filter.slow.smudge', slowOnce]);
  const { view } = await startSession({ task: 'Give every boat a name' }, context);
  await eventually(async () => (await readdir(repo.root)).includes('begun'), { what: 'the checkout' });
  await stopNow(bench, view.folder);
  expect(await ifExists(readdir(join(bench.worktreesDir, view.folder)))).toBeUndefined();
  expect(await repo.git(['branch', '--list', 'samocode/*'])).toBe('');
  await resumeSession({ session: view.folder }, context);
  await eventually(async () => (await bench.view(view.folder)).state.prepared, { what: 'the worktree' });
  expect(await readdir(join(bench.worktreesDir, view.folder))).toContain('a.slow');
});
