import { expect, test } from 'vitest';
import { sendCommand } from '../../../../src/core/caller/commands/send-command.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

/** A stopped session, and what its worker records of its pull request. */
async function published() {
  const rig = await startRig({ at: 'asking', here: true });
  await rig.stop('now');
  await rig.until(({ status }) => status.kind === 'stopped');
  const place = { repository: 'github.com/fleet/boats', number: 17 };
  const url = `https://${place.repository}/pull/${place.number}`;
  const becomes = async (state: 'open' | 'merged' | 'closed', watched: boolean) => {
    const change = { url, state, watched };
    await sendCommand(rig.paths, { kind: 'pull_request', ...place, change }, rig.context());
  };
  return { rig, becomes };
}

async function waits(rig: SessionRig, ...words: string[]) {
  const { path: cwd, homeDir: home, env } = rig.repo;
  const { programs } = rig.context();
  return await typed(['wait', rig.paths.folder, '--until', 'merged', ...words], { cwd, home, env, programs });
}

test(
  'a wait until merged lasts while the pull request is open, and ends with a merge or without one',
  ci,
  async () => {
    const { rig, becomes } = await published();
    await using _ = rig;
    await becomes('open', true);
    const early = await waits(rig, '--timeout', '1');
    expect(early).toMatchObject({ exitCode: 1, stdout: 'That did not happen within 1 s.\n' });
    const waiting = waits(rig);
    await becomes('merged', true);
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('merged #17') });
    await becomes('closed', true);
    expect(await waits(rig)).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('closed #17') });
  },
);

test('a wait until merged returns at once where nobody watches a pull request, also by the tool', async () => {
  const { rig, becomes } = await published();
  await using _ = rig;
  expect((await waits(rig)).exitCode).toBe(1);
  await becomes('open', false);
  const asked = { session: rig.paths.folder, until: 'merged' };
  expect((await askTool('wait', asked, rig.context('tool'))).json).toMatchObject({
    changed: true,
    state: 'stopped',
    next: expect.stringContaining('resume_session'),
  });
});
