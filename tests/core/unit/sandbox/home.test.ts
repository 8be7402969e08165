import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheMounts, freshHome, plainFolder, programMounts } from '../../../../src/core/sandbox/home.ts';
import { guardProfile } from '../../../../src/core/sandbox/places.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** A person's home, and the folder of a session's own. */
async function homes(files: readonly string[]) {
  const dir = await tempDir();
  const [home, own] = [join(dir.path, 'home'), join(dir.path, 'own')];
  await mkdir(own, { recursive: true });
  for (const name of files) await put(join(home, name), `of the person: ${name}\n`);
  return { home, own, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

async function put(path: string, text = 'of an agent\n'): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

test('settings, start files and CLI state that an agent left are gone, and what a tool made anew stays', async () => {
  await using at = await homes(['.gitconfig', '.config/git/ignore']);
  const left = ['.bashrc', '.npmrc', '.gitconfig', '.config/pip.conf', '.config/fish/config.fish'];
  const states = ['.claude/settings.json', '.codex/config.toml', '.gemini/GEMINI.md', '.ssh/config'];
  const kept = ['.newtool/x', '.config/newtool/x', '.local/share/uv/python/cpython-3.13/bin/python'];
  for (const name of [...left, ...states, ...kept]) await put(join(at.own, name));
  freshHome(at.home, at.own);
  const there = (names: readonly string[]) => names.filter((name) => existsSync(join(at.own, name)));
  expect(there([...left, ...states])).toEqual(['.gitconfig']);
  expect(there(kept)).toEqual(kept);
  expect(readFileSync(join(at.own, '.gitconfig'), 'utf8')).toBe('of the person: .gitconfig\n');
  expect(readFileSync(join(at.own, '.config/git/ignore'), 'utf8')).toContain('of the person');
});

test("git's settings come with the files that they include, and no others", async () => {
  await using at = await homes(['work.inc', 'private/x', '.config/git/more']);
  const config =
    '[include]\n\tpath = ~/work.inc\n[includeIf "gitdir:~/w/"]\n\tpath = .config/git/more\n[core]\n\tpath = private/x\n';
  await put(join(at.home, '.gitconfig'), config);
  freshHome(at.home, at.own);
  expect(['work.inc', '.config/git/more', 'private/x'].map((name) => existsSync(join(at.own, name)))).toEqual(
    [true, true, false],
  );
});

test('a link that an agent put in the place of a folder or a file is not followed', async () => {
  await using at = await homes([
    '.gitconfig',
    'victim/a',
    '.rustup/settings.toml',
    '.rustup/toolchains/stable/bin/rustc',
  ]);
  await symlink(join(at.home, 'victim'), join(at.own, '.config'));
  await symlink(join(at.home, 'victim'), join(at.own, '.rustup'));
  await symlink(join(at.home, 'victim/a'), join(at.own, '.gitconfig'));
  freshHome(at.home, at.own);
  programMounts({ dir: at.home, env: { PATH: '/usr/bin' } }, { own: at.own });
  expect(readFileSync(join(at.home, 'victim/a'), 'utf8')).toBe('of the person: victim/a\n');
  expect(existsSync(join(at.home, 'victim/settings.toml'))).toBe(false);
  expect(lstatSync(join(at.own, '.rustup')).isDirectory()).toBe(true);
  expect(plainFolder(at.own, '.config/a/b')).toBe(join(at.own, '.config/a/b'));
});

test('a toolchain is there entry by entry, so that a session can add a version, and its links lead as before', async () => {
  await using at = await homes([
    '.rustup/toolchains/stable/bin/rustc',
    '.rustup/settings.toml',
    '.local/share/mise/installs/node/20.1.0/bin/node',
    '.nvm/nvm.sh',
    '.nvm/versions/node/v20.0.0/bin/node',
  ]);
  await symlink('./20.1.0', join(at.home, '.local/share/mise/installs/node/20'));
  const mounts = programMounts({ dir: at.home, env: { PATH: '/usr/bin' } }, { own: at.own });
  const paths = mounts.map(({ path }) => path.replace(`${at.home}/`, ''));
  expect(paths.filter((path) => /^\.(?:rustup|nvm|local)/.test(path)).sort()).toEqual([
    '.local/share/mise/installs/node/20.1.0',
    '.nvm/versions/node/v20.0.0',
    '.rustup/toolchains/stable',
  ]);
  expect(readlinkSync(join(at.own, '.local/share/mise/installs/node/20'))).toBe('./20.1.0');
  expect(readFileSync(join(at.own, '.rustup/settings.toml'), 'utf8')).toContain('of the person');
  await put(join(at.own, '.rustup/toolchains/1.80/bin/rustc'));
  programMounts({ dir: at.home, env: { PATH: '/usr/bin' } }, { own: at.own });
  expect(existsSync(join(at.own, '.rustup/toolchains/1.80/bin/rustc'))).toBe(true);
});

test('a session has what a toolchain is written to as a copy of its own, and the caches in it as those of the project', async () => {
  await using at = await homes([
    '.asdf/shims/node',
    '.asdf/installs/nodejs/20.0.0/bin/node',
    '.pnpm/store/v10/files/00/x',
    '.pnpm/pnpm',
  ]);
  const outside = join(dirname(at.home), 'pnpm');
  await put(join(outside, 'store/v10/x'));
  const home = { dir: at.home, env: { PATH: '/usr/bin', PNPM_HOME: join(at.home, '.pnpm') } };
  const mounts = () => programMounts(home, { own: at.own }).map(({ path }) => path);
  expect(mounts()).not.toContain(join(at.home, '.asdf/shims'));
  await put(join(at.own, '.asdf/shims/node'), 'of a tool of the session\n');
  expect(mounts()).toContain(join(at.home, '.asdf/installs/nodejs/20.0.0'));
  expect(readFileSync(join(at.own, '.asdf/shims/node'), 'utf8')).toBe('of a tool of the session\n');
  for (const PNPM_HOME of [home.env.PNPM_HOME, outside]) {
    const caches = cacheMounts({ ...home, env: { PNPM_HOME } }, at.own);
    const from = join(at.own, '.local/share/pnpm/store');
    expect(caches).toContainEqual({ kind: 'writable', path: join(PNPM_HOME, 'store'), from });
  }
});

test('programs of PATH come with their prefix, and a link out of a folder of programs with what it leads to', async () => {
  await using at = await homes([
    '.local/share/pypoetry/venv/bin/poetry',
    '.local/share/pypoetry/venv/lib/python3/x.py',
    '.local/lib/python3/site-packages/x.py',
    '.local/share/keyrings/login.keyring',
    'scripts/deploy.sh',
    'scripts/.env',
    'miniconda3/condabin/conda',
    'miniconda3/etc/profile.d/conda.sh',
    'sdk/go/bin/go',
    'sdk/go/lib/time',
  ]);
  await mkdir(join(at.home, '.local/bin'), { recursive: true });
  await symlink('../share/pypoetry/venv/bin/poetry', join(at.home, '.local/bin/poetry'));
  await symlink('../../scripts/deploy.sh', join(at.home, '.local/bin/deploy'));
  const PATH = ['.local/bin', 'miniconda3/condabin', 'sdk/go/bin']
    .map((name) => join(at.home, name))
    .join(':');
  for (const name of ['.local/bin', 'miniconda3/condabin', 'sdk/go/bin'])
    await chmod(join(at.home, name), 0o755);
  const mounts = programMounts({ dir: at.home, env: { PATH } }, { own: at.own });
  const inHome = mounts.map(({ path }) => path).filter((path) => path.startsWith(at.home));
  expect(inHome.map((path) => path.slice(at.home.length + 1)).sort()).toEqual([
    '.local/bin',
    '.local/lib',
    '.local/share/pypoetry/venv',
    'miniconda3',
    'scripts/deploy.sh',
    'sdk/go',
  ]);
});

test('a CLI whose path leads through a link is there under that path, with its package', async () => {
  await using at = await homes(['elsewhere/node_modules/cli/cli.js']);
  await mkdir(join(at.home, 'elsewhere/node_modules/.bin'));
  await symlink('../cli/cli.js', join(at.home, 'elsewhere/node_modules/.bin/cli'));
  await symlink('elsewhere', join(at.home, 'tools'));
  const path = join(at.home, 'tools/node_modules/.bin/cli');
  const PATH = dirname(path);
  const mounts = programMounts(
    { dir: at.home, env: { PATH } },
    { own: at.own, clis: [{ name: 'claude', path }] },
  );
  const inHome = mounts.map((mount) => mount.path).filter((each) => each.startsWith(at.home));
  expect(inHome.sort()).toEqual(
    ['elsewhere/node_modules', 'tools/node_modules'].map((name) => join(at.home, name)),
  );
});

test('a cache that has no place in a read-only folder of programs is left out', async () => {
  await using at = await homes(['.yarn/yarn', '.nuget/packages/x', '.nuget/nuget']);
  const PATH = ['.yarn', '.nuget'].map((name) => join(at.home, name)).join(':');
  await mkdir(join(at.own, '../caches'));
  const profile = guardProfile(
    {
      ...{ mainRepo: '/srv/repo', commonDir: '/srv/repo/.git', otherCheckouts: [], otherSessions: [] },
      ...{ sessionsDir: '/srv/s', stateRoot: '/srv/state', worktreesDir: '/srv/w', configFolder: '/srv/c' },
      ...{ programs: [], openings: { write: [], sockets: [], read: [], hosts: [], env: [], ports: [] } },
      home: { dir: at.home, env: { PATH } },
    },
    { home: at.own, caches: join(at.own, '../caches') },
  );
  const paths = profile.map(({ path }) => path.slice(at.home.length + 1));
  expect(paths).toEqual(expect.arrayContaining(['.yarn', '.nuget', '.nuget/packages', 'go/pkg']));
  expect(paths).not.toContain('.yarn/berry');
});
