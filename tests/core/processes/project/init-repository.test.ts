import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { initRepository } from '../../../../src/core/project/worktrees/init-repository.ts';
import { ci } from '../../../support/ci.ts';
import { makeRepo, type TempRepo } from '../../../support/temp-repo.ts';

test('a repository with a commit is not changed', ci, async () => {
  await using repo = await makeRepo();
  expect(await initRepository(repo.path, { homeDir: repo.homeDir, baseEnv: repo.env })).toEqual([]);
  expect(await repo.git(['rev-list', '--count', 'HEAD'])).toBe('1');
});

test('a repository without a commit gets a first one of its files', async () => {
  await using repo = await makeRepo({ empty: true });
  await repo.write({ 'a.txt': 'a' });
  const done = await initRepository(repo.path, { homeDir: repo.homeDir, baseEnv: repo.env });
  expect(done).toEqual(['Made the first commit.']);
  expect(await repo.git(['show', 'HEAD:a.txt'])).toBe('a');
});

const PRIVATE = '-----BEGIN PRIVATE KEY-----\nMIIE\n';

/** Left out of a first commit. */
const SECRET_FILES = {
  ...{
    '.env': 'A=1',
    '.env.production': 'A=1',
    'config/.env.staging': 'A=1',
    'prod.env': 'A=1',
    '.envrc': 'A=1',
  },
  ...{ id_rsa: PRIVATE, '.ssh/id_ed25519': PRIVATE, 'tls/server.pem': PRIVATE, 'tls/server.key': 'x' },
  ...{ 'a.p12': 'x', 'b.PFX': 'x', 'c.keystore': 'x', '.netrc': 'x', 'a [1]/id_rsa': PRIVATE },
  ...{ '.npmrc': '//registry.example/:_authToken=abcdefgh\n', 'web/.npmrc': '_password = "aGVsbG8="\n' },
};
const FINE_FILES = {
  ...{ '.env.example': 'A=', '.env.production.sample': 'A=', '.env.template': 'A=', '.env.dist': 'A=' },
  ...{
    'id_rsa.pub': 'x',
    'tls/ca.pem': '-----BEGIN CERTIFICATE-----\n',
    'src/keys.ts': 'x',
    'src/env.ts': 'x',
  },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: npm reads the variables
  'lib/.npmrc': 'registry=https://r.example\n//r.example/:_authToken=${NPM_TOKEN}\n_auth = "${AUTH}"\n',
};

test(
  'a first commit leaves out keys and files of secrets, also staged ones, and names them',
  ci,
  async () => {
    await using repo = await makeRepo({ empty: true });
    await repo.write({ ...SECRET_FILES, ...FINE_FILES, '.gitignore': 'ignored\n', ignored: 'x' });
    await repo.git(['add', '.env', 'id_rsa']);
    await repo.write({ '.env': 'A=2' });
    const done = await initRepository(repo.path, { homeDir: repo.homeDir, baseEnv: repo.env });
    const files = (await repo.git(['ls-tree', '-r', '--name-only', 'HEAD'])).split('\n');
    expect(files.sort()).toEqual([...Object.keys(FINE_FILES), '.gitignore'].sort());
    expect(done[0]).toBe('Made the first commit.');
    expect(done[1]).toMatch(
      /^Left out of it what may hold secrets: \.env, .*\.ssh\/id_ed25519.* and 6 more\. To have one in it, commit it with git\.$/,
    );
    const left = await repo.git(['status', '--porcelain', '--untracked-files=all', '-z']);
    expect(left.split('\0').filter(Boolean).sort()).toEqual(
      Object.keys(SECRET_FILES)
        .map((name) => `?? ${name}`)
        .sort(),
    );
  },
);

test('a folder full of dependencies is not committed', async () => {
  await using repo = await makeRepo({ empty: true });
  const folder = join(repo.path, 'node_modules');
  await mkdir(folder);
  const names = Array.from({ length: 10_001 }, (_, index) => join(folder, `${index}.js`));
  await Promise.all(names.map((name) => writeFile(name, '')));
  const first = initRepository(repo.path, { homeDir: repo.homeDir, baseEnv: repo.env });
  await expect(first).rejects.toMatchObject({
    code: 'first_commit_too_large',
    why: expect.stringContaining('10001'),
  });
});

test.each([
  ['of a newer git', 'config', '[core]\n\trepositoryformatversion = 99\n', 'git_failed'],
  ['with a broken HEAD', 'HEAD', 'nowhere\n', 'not_a_repository'],
])('a repository %s is refused, and no part of it is recreated', async (_, file, text, code) => {
  await using repo = await makeRepo();
  const gitDir = join(repo.path, '.git');
  await writeFile(join(gitDir, file), text);
  const made = initRepository(repo.path, { homeDir: repo.homeDir, baseEnv: repo.env });
  await expect(made).rejects.toMatchObject({ code });
  expect(await readdir(gitDir)).toEqual(expect.arrayContaining(['config', 'objects', 'refs']));
  expect(await readFile(join(gitDir, 'refs/heads/main'), 'utf8')).toMatch(/^[0-9a-f]{40}\n$/);
});

test('the next call continues after a failed one', async () => {
  await using repo = await makeRepo({ anonymous: true });
  const folder = join(repo.root, 'new', 'deep');
  const given = { homeDir: repo.homeDir, baseEnv: repo.env };
  await expect(initRepository(folder, given)).rejects.toMatchObject({ code: 'no_git_identity' });
  expect(await readdir(folder)).toEqual([]);
  await withIdentity(repo);
  expect(await initRepository(folder, given)).toEqual([
    `Created a git repository in ${folder}.`,
    'Made the first commit.',
  ]);
});

test('concurrent calls for one repository do not conflict', async () => {
  await using repo = await makeRepo();
  const baseEnv = await withIdentity(repo);
  for (const round of [1, 2, 3, 4, 5, 6]) {
    const folder = join(repo.root, `new-${round}`);
    await mkdir(folder);
    for (let index = 0; index < 100; index += 1) await writeFile(join(folder, `${index}.txt`), `${index}`);
    const one = () => initRepository(folder, { homeDir: repo.homeDir, baseEnv });
    const ends = await Promise.allSettled([one(), one(), one()]);
    if (!ends.some(({ status }) => status === 'fulfilled')) continue;
    expect(await repo.git(['ls-tree', '--name-only', 'HEAD', '7.txt'], folder)).toBe('7.txt');
  }
});

async function withIdentity({ homeDir, env }: TempRepo): Promise<Record<string, string>> {
  const text = '[user]\n\tname = Test Person\n\temail = test@example.invalid\n';
  await writeFile(join(homeDir, '.gitconfig'), text);
  return env;
}
