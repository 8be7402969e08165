import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { stableNodePath } from '../../../../src/extensions/setup/install/stable-node-path.ts';
import { tempDir } from '../../../support/temp-dir.ts';

async function place() {
  const dir = await tempDir();
  const at = (path: string) => join(dir.path, path);
  const file = async (path: string) => {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), '', { mode: 0o755 });
    return at(path);
  };
  const link = async (path: string, target: string) => {
    await mkdir(dirname(at(path)), { recursive: true });
    await symlink(target, at(path));
    return at(path);
  };
  return { at, file, link, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

test.each(['node', 'node@22'])(
  'with Homebrew, the path is the link that an upgrade of %s also updates',
  async (formula) => {
    await using here = await place();
    const node = await here.file(`brew/Cellar/${formula}/22.11.0_1/bin/node`);
    expect(stableNodePath(node, '')).toBe(node);
    await here.link(`brew/opt/${formula}`, here.at(`brew/Cellar/${formula}/22.11.0_1`));
    expect(stableNodePath(node, '')).toBe(here.at(`brew/opt/${formula}/bin/node`));
  },
);

test('elsewhere, the path is in the first folder of PATH that links to the same node, has no version and outlives a shell', async () => {
  await using here = await place();
  const node = await here.file('store/nodejs-22.3.0/bin/node');
  await here.file('other/node');
  await here.link('shell/fnm_multishells/1_2/bin/node', node);
  await here.link('nvm/v22.3.0/bin/node', node);
  const folders = ['gone', 'other', 'shell/fnm_multishells/1_2/bin', 'nvm/v22.3.0/bin'].map(here.at);
  expect(stableNodePath(node, `relative:${folders.join(':')}`)).toBe(node);
  const profile = await here.link('profile/bin/node', node);
  expect(stableNodePath(node, [...folders, dirname(profile)].join(':'))).toBe(profile);
  await rm(profile);
  expect(stableNodePath(node, dirname(profile))).toBe(node);
});

test('a path without a version is not changed', async () => {
  await using here = await place();
  const node = await here.file('usr/bin/node');
  const other = await here.link('bin/node', node);
  expect(stableNodePath(node, dirname(other))).toBe(node);
});
