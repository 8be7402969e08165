import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findNodeScript } from '../../../../scripts/packages/find-node.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { ci } from '../../../support/ci.ts';
import { type TempDir, tempDir } from '../../../support/temp-dir.ts';

/** Runs in a separate home, on a system without Node. */
async function foundIn({ path: home }: TempDir, env: Record<string, string> = {}, ...given: string[]) {
  const script = `${findNodeScript([])}find_node "$@"`;
  const { stdout } = await runCommand('/bin/sh', ['-c', script, 'sh', ...given], {
    env: { HOME: home, PATH: await bareTools(home), ...env },
  });
  return stdout.trim();
}

/** A PATH with common system tools, and no node. */
async function bareTools(home: string): Promise<string> {
  const bin = join(home, 'bare bin');
  const tools = ['ls', 'sed', 'sort', 'ps', 'awk', 'mktemp', 'cat', 'rm', 'sleep', 'bash'];
  await mkdir(bin, { recursive: true });
  await runCommand('/bin/sh', [
    '-c',
    `for t in "$@"; do ln -sf "$(command -v $t)" "$0"; done`,
    bin,
    ...tools,
  ]);
  return bin;
}

async function node({ path: home }: TempDir, place: string, version = 'v22.3.0'): Promise<string> {
  const path = join(home, place);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n[ "$1" = --version ] && echo ${version}\n`, { mode: 0o755 });
  return path;
}

test.concurrent.each([
  ['nvm', '.nvm/versions/node/v22.3.0/bin/node'],
  ['fnm', '.local/share/fnm/node-versions/v22.3.0/installation/bin/node'],
  ['fnm on a Mac', 'Library/Application Support/fnm/aliases/default/bin/node'],
  ['volta', '.volta/bin/node'],
  ['mise', '.local/share/mise/installs/node/22.3.0/bin/node'],
  ['asdf', '.asdf/installs/nodejs/22.3.0/bin/node'],
  ['n', 'n/bin/node'],
])('a Node installed by %s is found without PATH', ci, async (_manager, place) => {
  await using home = await tempDir();
  const path = await node(home, place);
  expect(await foundIn(home)).toBe(path);
});

test.concurrent('PATH comes before the version managers, and a configured program before PATH', async () => {
  await using home = await tempDir();
  await node(home, '.volta/bin/node');
  const onPath = await node(home, 'my bin/node');
  const PATH = `${join(home.path, 'my bin')}:${await bareTools(home.path)}`;
  expect(await foundIn(home, { PATH })).toBe(onPath);
  const given = await node(home, 'given/nodejs');
  expect(await foundIn(home, { PATH }, given)).toBe(given);
});

test.concurrent('of several versions the newest is taken, by number', async () => {
  await using home = await tempDir();
  await node(home, '.nvm/versions/node/v9.11.2/bin/node', 'v9.11.2');
  await node(home, '.nvm/versions/node/v22.3.0/bin/node');
  const newest = await node(home, '.nvm/versions/node/v22.21.0/bin/node', 'v22.21.0');
  expect(await foundIn(home)).toBe(newest);
});

test.concurrent.each(['v18.20.4', 'v20.18.9', '1.2.3', 'Electron', ''])(
  'a program that reports "%s" is skipped for the next one',
  async (version) => {
    await using home = await tempDir();
    await node(home, '.nvm/versions/node/v99.0.0/bin/node', version);
    const next = await node(home, 'n/bin/node', 'v20.19.0');
    expect(await foundIn(home)).toBe(next);
  },
);

test.concurrent('the PATH of a login shell comes last, whatever else it prints', async () => {
  await using home = await tempDir();
  const path = await node(home, 'only/in/profile/node');
  const profile = `echo /no/node\necho Good morning\nPATH="${dirname(path)}:$PATH"\n`;
  await writeFile(join(home.path, '.bash_profile'), profile);
  expect(await foundIn(home, { SHELL: '/bin/bash' })).toBe(path);
});

test.concurrent('a login shell that never ends costs its limit, and leaves nothing behind', async () => {
  await using home = await tempDir();
  await writeFile(join(home.path, '.bash_profile'), 'sleep 4242\n');
  expect(await foundIn(home, { SHELL: '/bin/bash' })).toBe('');
  const { stdout } = await runCommand('ps', ['-A', '-o', 'args=']);
  expect(stdout).not.toContain('sleep 4242');
});
