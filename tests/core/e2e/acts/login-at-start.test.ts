import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readyProject } from '../../../../src/core/caller/refusals/ready-project.ts';
import { ci } from '../../../support/ci.ts';
import { makeProject } from '../../../support/project.ts';
import { startSession } from '../../../support/start-session.ts';

/** A Claude Code that says this about its login. */
async function projectWith(login: string, sandbox: string) {
  const { repo, context, sessionsDir, worktreesDir } = await makeProject({
    lines: { PROVIDER: 'claude', SANDBOX: sandbox },
  });
  const bin = join(repo.root, 'bin');
  await mkdir(bin);
  const cli = join(bin, 'claude');
  await writeFile(cli, `#!/bin/sh\n[ "$1 $2" = "auth status" ] && { ${login}; }\nexit 0\n`);
  await chmod(cli, 0o755);
  const env = { ...context.env, TERM: 'xterm', IS_SANDBOX: '1', CLAUDE_PATH: cli, HAS_KEY: 'yes' };
  return { repo, context: { ...context, env }, sessionsDir, worktreesDir };
}

test.each(['off', 'guard'])(
  'with SANDBOX=%s a CLI that says that it is not logged in makes no worktree and no session',
  ci,
  async (sandbox) => {
    const { repo, context, sessionsDir, worktreesDir } = await projectWith('exit 1', sandbox);
    await using _ = repo;
    await expect(startSession({ task: 'x' }, context)).rejects.toMatchObject({
      code: 'not_logged_in',
      why: 'Claude Code reports that you are not logged in. The first agent would fail.',
      hint: expect.stringContaining('log in, or set ANTHROPIC_API_KEY'),
    });
    expect([await readdir(sessionsDir), await readdir(worktreesDir)]).toEqual([[], []]);
    expect(await repo.git(['branch', '--list', 'samocode/*'])).toBe('');
  },
);

test('one that is logged in by a variable, or that cannot be asked, is no reason against a start', async () => {
  for (const login of ['[ "$HAS_KEY" = yes ]; exit $?', 'kill -KILL $$']) {
    const { repo, context } = await projectWith(login, 'off');
    await using _ = repo;
    expect((await readyProject({}, context)).mainRepo).toBe(repo.path);
  }
});
