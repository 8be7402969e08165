import './hand-over.ts';

import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { definedOnly } from '../src/core/kernel/defined-only.ts';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { jsonText } from '../src/extensions/setup/install/client-packages.ts';
import { PLUGIN_BRANCH, RELEASE_FILE, type Release } from './packages/source.ts';
import { copyPlugin } from './packages/with-server.ts';

// Makes the plugin with its built server: `npm run plugin -- --into FOLDER`. For a release, `--push REMOTE --bundle FILE`
// also commits it to the plugin branch there, and writes the commit and the bundle's hash into the file from which
// `npm run packages` makes the marketplaces and server.json.
const root = fileURLToPath(new URL('..', import.meta.url));
const { values: asked } = parseArgs({
  options: { into: { type: 'string' }, push: { type: 'string' }, bundle: { type: 'string' } },
});
const work = await mkdtemp(join(tmpdir(), 'samocode-plugin-'));
try {
  const folder = resolve(asked.into ?? join(work, 'plugin'));
  await copyPlugin(root, folder);
  const release: Release = JSON.parse(await readFile(join(root, RELEASE_FILE), 'utf8'));
  if (asked.push !== undefined) release.pluginCommit = await pushed(folder, asked.push);
  if (asked.bundle !== undefined)
    release.bundleSha256 = createHash('sha256')
      .update(await readFile(asked.bundle))
      .digest('hex');
  await writeFile(join(root, RELEASE_FILE), jsonText(release));
} finally {
  await rm(work, { recursive: true, force: true });
}

/** @returns the new commit, whose parent is the last release */
async function pushed(folder: string, remote: string): Promise<string> {
  const [last = ''] = (await git(root, ['ls-remote', remote, `refs/heads/${PLUGIN_BRANCH}`])).split('\t');
  if (last !== '') await git(root, ['fetch', '--depth=1', remote, last]);
  const gitDir = await git(root, ['rev-parse', '--absolute-git-dir']);
  const inFolder = ['--git-dir', gitDir, '--work-tree', folder];
  await git(folder, [...inFolder, 'add', '--all', '--force', '.']);
  const tree = await git(folder, [...inFolder, 'write-tree']);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const parent = last === '' ? [] : ['-p', last];
  const commit = await git(root, ['commit-tree', tree, ...parent, '-m', `samocode ${version}`]);
  await git(root, ['push', remote, `${commit}:refs/heads/${PLUGIN_BRANCH}`]);
  return commit;
}

async function git(cwd: string, args: readonly string[]): Promise<string> {
  // A separate index, so that what is staged in the checkout does not change.
  const env = definedOnly({ ...process.env, GIT_INDEX_FILE: join(work, 'index') });
  const { exitCode, stdout, stderr } = await runCommand('git', args, { cwd, env });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}
