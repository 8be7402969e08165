import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'vitest';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import type { Phase } from '../../../src/core/kernel/phases/table.ts';
import { browserRecipe } from '../../support/browser-recipe.ts';
import { ciIf } from '../../support/ci.ts';
import { freePort } from '../../support/free-port.ts';
import { installCli } from '../../support/install-clis.ts';
import type { ScriptedModelOptions } from '../../support/model-stub/scripted-model.ts';
import { startRig } from '../../support/session-rig.ts';
import { startCliSession } from './cli-session.ts';
import { BUILDS_BY_PLAN, writePlannedFolder } from './planned-folder.ts';
import { strictLines } from './strict-lines.ts';

const LEVEL = process.getuid?.() === 0 ? 'best effort' : 'guard';
const COMMIT = 'echo inside > inside.txt && git add -A && git commit --quiet -m Inside && echo committed';

const APP = `import { createServer } from 'node:http';
createServer((_, response) => response.end('afloat\\n')).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** The answers of the model: in each phase one command after the other, and then its work. */
function commandsIn(phase: Phase, commands: readonly string[]): ScriptedModelOptions['instead'] {
  return ({ job, step }) => {
    const command = commands[step];
    return job.phase === phase && command !== undefined
      ? { say: 'Trying.', use: [{ name: 'Bash', input: { command, description: 'Trying' } }] }
      : undefined;
  };
}

/** Outside the guard no mount ends a server that was left running: its marker does. */
const ROWS = [
  { cli: 'claude', sandbox: 'guard', recorded: LEVEL, ci: true },
  { cli: 'codex', sandbox: 'guard', recorded: LEVEL, ci: false },
  { cli: 'gemini', sandbox: 'guard', recorded: LEVEL, ci: false },
  { cli: 'codex', sandbox: 'off', recorded: 'none', ci: true },
  { cli: 'claude', sandbox: 'strict', recorded: 'strict', ci: false },
  { cli: 'codex', sandbox: 'strict', recorded: 'strict', ci: false },
  { cli: 'gemini', sandbox: 'strict', recorded: 'strict', ci: true },
] as const;

for (const { cli, sandbox, recorded, ci } of ROWS)
  test.concurrent(
    `with SANDBOX=${sandbox} the real ${cli} commits and signals, and a server that it started by the documented method answers later calls and ends with the iteration`,
    ciIf(ci),
    async ({ expect }) => {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}/`;
      const isGuarded = sandbox !== 'off';
      let planted = '';
      const commands: string[] = [];
      await using session = await startCliSession({
        cli,
        lines: (model) => ({
          ...{ SANDBOX: sandbox, MAX_ITERATIONS: '1' },
          ...(sandbox === 'guard' && { SANDBOX_READ: '~/app.mjs' }),
          ...(sandbox === 'strict' && strictLines(model, ['~/app.mjs'])),
        }),
        before: async ({ homeDir, mainRepo }) => {
          planted = join(mainRepo, 'planted.txt');
          await writeFile(join(homeDir, 'app.mjs'), APP);
          const dir = join(homeDir, '.cache');
          await mkdir(dir);
          const places = { dir, port, page: 'home', sessionDir: dir };
          const recipe = await browserRecipe({ ...places, start: `node "${homeDir}/app.mjs"` });
          // Started, asked for its status, and asked again; the worker has to end it.
          commands.push(COMMIT, ...recipe.slice(1, 3), `curl -s ${url}`);
          if (isGuarded) commands.push(`echo x > '${planted}' || echo was-refused`);
          if (isGuarded && cli === 'codex')
            commands.push(`'${(await installCli(cli)).path}' sandbox -- /bin/echo nested-ran`);
        },
        instead: commandsIn('investigation', commands),
      });
      await session.until(({ lastIteration }) => lastIteration !== undefined);
      expect((await session.eventsOf('iteration_started'))[0]).toMatchObject({ sandbox: recorded });
      const [ended] = await session.eventsOf('iteration_ended');
      expect(ended).toMatchObject({ ending: 'signalled', decision: { kind: 'run', phase: 'requirements' } });
      const { worktree } = await session.state();
      expect(await session.git('log', '-1', '--format=%s', worktree?.branch ?? '')).toBe('Inside');
      const last = session.models[cli]?.turns.findLast(({ job }) => job.phase === 'investigation');
      const [, , status, answer, ...others] = (last?.conversation.results ?? []).map(({ text }) => text);
      expect([status, answer], 'the server').toEqual([
        expect.stringContaining('200'),
        expect.stringContaining('afloat'),
      ]);
      await expect(fetch(url), 'the server').rejects.toThrow();
      if (isGuarded) {
        expect(others[0], 'the main checkout').toMatch(/read-only file system/i);
        expect(others[0], 'the main checkout').toContain('was-refused');
      }
      expect(await ifExists(stat(planted)), 'the main checkout').toBeUndefined();
      if (isGuarded && cli === 'codex') expect(others[1], 'its own sandbox').toContain('nested-ran');
    },
  );

test.concurrent("in the guard Codex's own sandbox works with PERMISSIONS=allow", async ({ expect }) => {
  await using session = await startCliSession({
    cli: 'codex',
    lines: { SANDBOX: 'guard', PERMISSIONS: 'allow', MAX_ITERATIONS: '1' },
    start: BUILDS_BY_PLAN,
    before: ({ mainRepo }) => writePlannedFolder(mainRepo, PLAN),
    instead: commandsIn('implementation', [COMMIT]),
  });
  await session.until(({ status }) => status.kind === 'waiting');
  await session.approve();
  const { worktree } = await session.until(({ lastIteration }) => lastIteration?.phase === 'implementation');
  expect(await session.git('log', '--format=%s', worktree?.branch ?? '')).toContain('Inside');
});

test.concurrent.for(['guard', 'strict'] as const)(
  'with SANDBOX=%s pnpm installs from its store in HOME, which it cannot link from, and creates no store in the worktree',
  async (sandbox, { expect }) => {
    const { path } = await installCli('pnpm');
    const script = `npm pack --silent ./lib && '${path}' add --offline ./lib-1.0.0.tgz && rm -r node_modules &&
    '${path}' install --offline --frozen-lockfile && test ! -e .pnpm-store && node -p 'require("lib")' >"$REHEARSAL_SESSION_DIR/required"`;
    const acts = [{ act: 'run', command: ['/bin/sh', '-c', script] }, { act: 'normal' }];
    await using rig = await startRig({
      sandbox,
      lines: { SANDBOX_READ: dirname(dirname(path)) },
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
  },
);

const PLAN = `## Implementation Phases
### Phase 1: Build it
- [ ] build it
`;
