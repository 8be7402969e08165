import { appendFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { first, shell } from '../../support/scenario-rules.ts';
import { startRig } from '../../support/session-rig.ts';

const WAITS = shell('touch ready; until test -e go; do sleep 0.05; done');

test(
  'where a service is opened, what changed in the run folder and in hooks while an agent ran blocks the session',
  ci,
  async () => {
    await using rig = await startRig({
      sandbox: 'guard',
      lines: { SANDBOX_SOCKETS: 'gpg-agent' },
      scenario: { rules: first(WAITS, { act: 'normal' }) },
    });
    const { worktree } = await rig.until(({ openIteration }) => openIteration !== undefined);
    const inWorktree = (name: string) => join(worktree?.path ?? '', name);
    const isReady = async () => (await stat(inWorktree('ready')).catch(() => undefined)) !== undefined;
    await eventually(isReady, { what: 'a running agent' });
    // As root might from inside, or a service for the agent.
    await appendFile(rig.paths.sessionFile, '\n');
    await mkdir(join(rig.repo.path, '.git/hooks'), { recursive: true });
    await writeFile(join(rig.repo.path, '.git/hooks/post-merge'), 'true', { mode: 0o755 });
    await writeFile(inWorktree('go'), '');
    const { status } = await rig.until((state) => state.status.kind === 'blocked');
    expect(status).toMatchObject({
      rule: 'run_folder_changed',
      reason: expect.stringMatching(/session\.json.*hooks\/post-merge: nothing -> /s),
    });
  },
);
