import { access, appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doctor } from '../../../src/extensions/setup/doctor/doctor.ts';
import { builtPrograms } from '../../support/built-programs.ts';
import { ci } from '../../support/ci.ts';
import { shell } from '../../support/scenario-rules.ts';
import { type RigPlan, type SessionRig, startRig } from '../../support/session-rig.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { first } from './guarded-row.ts';
import { inCaches } from './survivors.ts';

// Files that an agent leaves below HOME and that other programs run later.

const SIGNALS = [
  { act: 'signal-file', text: '{"status":"continue","phase":"requirements"}' },
  { act: 'result' },
];

/** The first agent runs this; the user's login shell is bash. */
async function sessionWhose(script: string, plan: RigPlan): Promise<SessionRig> {
  return await startRig({
    scenario: { rules: first(shell(script), ...SIGNALS) },
    firstEnv: { SHELL: '/bin/bash' },
    files: { 'home/.bashrc': 'true\n', 'home/.cache/made': '', 'home/.claude/made': '' },
    ...plan,
  });
}

async function isThere(rig: SessionRig, name: string): Promise<boolean> {
  return await access(join(rig.repo.homeDir, name)).then(
    () => true,
    () => false,
  );
}

const PLANTED =
  'for f in .bashrc .bash_profile .profile .zshenv; do echo "touch $HOME/.cache/ran" >>"$HOME/$f"; done';

test('in the guard no shell start file can be written, and the session continues', ci, async () => {
  await using rig = await sessionWhose(PLANTED, { sandbox: 'guard' });
  await rig.untilWaiting('qa_answers');
  expect(await readFile(join(rig.repo.homeDir, '.bashrc'), 'utf8')).toBe('true\n');
  expect(await isThere(rig, '.bash_profile')).toBe(false);
});

test('without a guard start files that an agent wrote are not compared, and are not run by later workers', async () => {
  await using rig = await sessionWhose(PLANTED, { sandbox: 'off' });
  await rig.untilWaiting('qa_answers');
  for (const name of ['.bashrc', '.bash_profile', '.profile', '.zshenv'])
    expect(await readFile(join(rig.repo.homeDir, name), 'utf8')).toContain('.cache/ran');
  await rig.stop();
  await rig.killWorker();
  await rig.resume({}, { SHELL: '/bin/bash' });
  await rig.untilWaiting('qa_answers');
  expect(await isThere(rig, '.cache/ran')).toBe(false);
});

test('what an agent plants for the next chat, or for a shell, is not there for the next agent either', async () => {
  const plants = `mkdir -p "$HOME/.claude/commands" "$HOME/.newtool" && echo x | tee "$HOME/.claude/commands/x.md" "$HOME/.npmrc" "$HOME/.newtool/x" >"$HOME/.bashrc"`;
  await using rig = await startRig({
    sandbox: 'guard',
    files: { 'home/.bashrc': 'true\n', 'home/.claude/made': '' },
    scenario: {
      rules: [
        ...first(shell(plants), ...SIGNALS),
        {
          when: { iteration: 2 },
          do: [shell('ls -AR "$HOME" >"$REHEARSAL_SESSION_DIR/found"'), { act: 'normal' }],
        },
      ],
    },
  });
  await rig.untilWaiting('qa_answers');
  const found = await readFile(join(rig.paths.sessionDir, 'found'), 'utf8');
  expect(found).toContain('.newtool');
  expect(found).not.toMatch(/x\.md|\.npmrc|\.bashrc/);
  expect(await isThere(rig, '.claude/commands')).toBe(false);
  expect(await readFile(join(rig.repo.homeDir, '.bashrc'), 'utf8')).toBe('true\n');
});

test('changes by the user while no agent runs do not block', async () => {
  await using rig = await sessionWhose('true', { sandbox: 'off', start: { run: false } });
  await rig.until(({ status }) => status.kind === 'stopped');
  await appendFile(join(rig.repo.homeDir, '.bashrc'), 'true\n');
  await mkdir(join(rig.repo.homeDir, '.claude'), { recursive: true });
  await writeFile(join(rig.repo.homeDir, '.claude/settings.json'), '{}');
  await rig.resume();
  await rig.untilWaiting('qa_answers');
});

test('the prompt and other files of the run folder cannot be written through /proc', async () => {
  const writes = 'for f in /proc/1/fd/* /proc/self/fd/0; do [ -f "$f" ] && echo planted >>"$f"; done; true';
  await using rig = await sessionWhose(writes, { sandbox: 'guard' });
  await rig.untilWaiting('qa_answers');
  expect(await readFile(join(rig.paths.iterations, '001/prompt.md'), 'utf8')).not.toContain('planted');
});

test('a file left open by the starter of a worker is not open in its agents', async () => {
  await using dir = await tempDir();
  const open = join(dir.path, 'open-elsewhere');
  const { worker } = await builtPrograms();
  const shell200 = ['-c', 'exec 200>"$0"; exec "$@"', open, process.execPath, worker];
  const shim = `require('node:child_process').spawnSync('/bin/bash', [...${JSON.stringify(shell200)}, ...process.argv.slice(2)], { stdio: 'inherit' });`;
  await writeFile(join(dir.path, 'shim.cjs'), shim);
  await using rig = await sessionWhose('echo planted >/proc/self/fd/200 || true', {
    sandbox: 'guard',
    worker: join(dir.path, 'shim.cjs'),
  });
  await rig.untilWaiting('qa_answers');
  expect(await readFile(open, 'utf8')).toBe('');
});

/** A CLI below HOME that writes a start file, and records its start in a cache. */
const TRACES =
  '#!/bin/sh\nmkdir -p "$HOME/.cache"; echo "$1" >>"$HOME/.cache/asked"; echo x >>"$HOME/.profile"; echo 9.9.9\n';

test('doctor queries CLIs in the guard', async () => {
  await using rig = await sessionWhose('true', { sandbox: 'guard', start: { run: false } });
  const cli = join(rig.repo.homeDir, 'claude');
  await writeFile(cli, TRACES, { mode: 0o755 });
  const { env, ...context } = rig.context();
  const { checks } = await doctor({}, { ...context, env: { ...env, CLAUDE_PATH: cli } });
  expect(JSON.stringify(checks)).toContain('9.9.9');
  for (const name of ['.cache/asked', '.profile']) expect(await isThere(rig, name)).toBe(false);
});

test('Codex is queried in the guard before each iteration', async () => {
  await using rig = await sessionWhose('true', { sandbox: 'guard', start: { run: false } });
  const cli = join(rig.repo.homeDir, 'codex');
  await writeFile(cli, TRACES, { mode: 0o755 });
  await rig.until(({ status }) => status.kind === 'stopped');
  await rig.resume({ provider: 'codex' }, { CODEX_PATH: cli });
  await rig.until(({ lastIteration }) => lastIteration !== undefined);
  expect(await readFile(inCaches(rig, '.cache/asked'), 'utf8')).toContain('mcp');
  for (const name of ['.cache/asked', '.profile']) expect(await isThere(rig, name)).toBe(false);
});
