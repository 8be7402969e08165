import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ifExists } from '../../src/base/errors.ts';
import type { Phase } from '../../src/phases/table.ts';
import type { SessionState } from '../../src/session/events/state.ts';
import { installCli } from '../support/install-clis.ts';
import { startRig } from '../support/session-rig.ts';
import { startCliSession } from './cli-session.ts';

const LEVEL = process.getuid?.() === 0 ? 'best effort' : 'guard';
const COMMIT = 'echo inside > inside.txt && git add -A && git commit --quiet -m Inside && echo committed';

const isWaiting = ({ status }: SessionState) => status.kind === 'waiting';

/** A CLI that commits, tries to write in the main checkout, and then does its work. */
async function startTrying(
  cli: 'claude' | 'codex' | 'gemini',
  more: Record<string, string> = {},
  first = COMMIT,
  phase: Phase = 'investigation',
) {
  let planted = '';
  const session = await startCliSession({
    cli,
    lines: { SANDBOX: 'guard', ...more },
    before: async ({ mainRepo }) => {
      planted = join(mainRepo, 'planted.txt');
    },
    instead: ({ job, step }) => {
      const command = [first, `echo x > '${planted}' || echo was-refused`][step];
      return job.phase === phase && command !== undefined
        ? { say: 'Trying.', use: [{ name: 'Bash', input: { command, description: 'Trying' } }] }
        : undefined;
    },
  });
  return { session, planted };
}

test.each(['claude', 'codex', 'gemini'] as const)(
  'in the guard the real %s commits and signals, and cannot write in the main checkout',
  async (cli) => {
    const { session, planted } = await startTrying(cli);
    await using _ = session;
    await session.until(isWaiting);
    const started = await session.eventsOf('iteration_started');
    expect(started.map(({ sandbox }) => sandbox)).toEqual([LEVEL, LEVEL]);
    const ended = await session.eventsOf('iteration_ended');
    expect(ended.map(({ ending }) => ending)).toEqual(['signalled', 'signalled']);
    const { worktree } = await session.state();
    expect(await session.git('log', '-1', '--format=%s', worktree?.branch ?? '')).toBe('Inside');
    const results = session.models[cli]?.turns.flatMap(({ conversation }) => conversation.results) ?? [];
    expect(results.map(({ text }) => text).join('\n')).toMatch(/Read-only file system[\s\S]*was-refused/i);
    expect(await ifExists(stat(planted))).toBeUndefined();
  },
);

test("in the guard Codex's own sandbox works, for PERMISSIONS=allow and when it is called", async () => {
  const { path } = await installCli('codex');
  const { session } = await startTrying('codex', { PERMISSIONS: 'allow' }, COMMIT, 'implementation');
  await using _ = session;
  await session.until(isWaiting);
  await session.answer();
  await session.until(({ status }) => status.kind === 'waiting' && status.for === 'plan_approval');
  await session.approve();
  const { worktree } = await session.until(({ lastIteration }) => lastIteration?.phase === 'implementation');
  expect(await session.git('log', '--format=%s', worktree?.branch ?? '')).toContain('Inside');

  const calling = await startTrying('codex', {}, `'${path}' sandbox -- /bin/echo nested-ran`);
  await using __ = calling.session;
  await calling.session.until(isWaiting);
  const results =
    calling.session.models.codex?.turns.flatMap(({ conversation }) => conversation.results) ?? [];
  expect(results.map(({ text }) => text).join('\n')).toContain('nested-ran');
});

test('in the guard pnpm installs from its store at home, which it cannot link from', async () => {
  const { path } = await installCli('pnpm');
  const script = `npm pack --silent ./lib && '${path}' add --offline ./lib-1.0.0.tgz && rm -r node_modules &&
    '${path}' install --offline --frozen-lockfile && node -p 'require("lib")' >"$REHEARSAL_SESSION_DIR/required"`;
  const acts = [{ act: 'run', command: ['/bin/sh', '-c', script] }, { act: 'normal' }];
  await using rig = await startRig({
    sandbox: 'guard',
    repo: {
      files: {
        'package.json': '{ "name": "boat", "version": "1.0.0" }',
        'lib/package.json': '{ "name": "lib", "version": "1.0.0", "main": "index.js" }',
        'lib/index.js': "module.exports = 'afloat';",
      },
    },
    scenario: { rules: [{ when: { iteration: 1 }, do: acts }] },
  });
  await rig.untilWaiting('qa_answers');
  expect(await readFile(join(rig.paths.sessionDir, 'required'), 'utf8')).toBe('afloat\n');
});
