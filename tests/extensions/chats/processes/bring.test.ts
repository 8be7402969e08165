import { chmod, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureWorktree } from '../../../../src/core/project/worktrees/worktree.ts';
import { copyFiles } from '../../../../src/extensions/chats/files/copy-files.ts';
import { firstCommitOn, keepCopies } from '../../../../src/extensions/chats/files/first-commit.ts';
import { changedFiles } from '../../../../src/extensions/chats/files/uncommitted-files.ts';
import { bytesOfCheckout } from '../../../support/bytes-of-checkout.ts';
import { ci } from '../../../support/ci.ts';
import { makeRepo, type RepoPlan, type TempRepo } from '../../../support/temp-repo.ts';

const BINARY = Buffer.from([0, 255, 13, 10, 0, 128]);

const NONE = () => false;

async function uncommittedFiles(paths: readonly string[], options: ReturnType<typeof optionsOf>) {
  return (await changedFiles(paths, options, NONE)).fit;
}

const optionsOf = ({ path, env }: TempRepo) => ({ cwd: path, baseEnv: env });

/** Each path that a commit changes, with the letter of the change. */
async function changesIn({ git }: TempRepo, commit: string): Promise<string[]> {
  const list = await git(['diff-tree', '-r', '--no-commit-id', '--no-renames', '--name-status', commit]);
  return list.split('\n').filter(Boolean).sort();
}

async function copied(repo: TempRepo, paths: readonly string[]) {
  const offered = await uncommittedFiles(paths, optionsOf(repo));
  const { brought } = await copyFiles(offered, optionsOf(repo), NONE);
  return { offered, brought, commit: brought?.commit ?? '' };
}

test(
  'the copies have every kind of change, and the main checkout keeps its bytes, index, HEAD and reflog',
  ci,
  async () => {
    await using repo = await makeRepo({
      files: {
        'changed.txt': 'one\n',
        'staged.txt': 'one\n',
        'gone.txt': 'gone\n',
        'old.txt': 'a\nb\nc\nd\ne\n',
        'tool.sh': 'exit 0\n',
        'mine.txt': 'mine\n',
      },
    });
    const at = (name: string) => join(repo.path, name);
    await repo.write({ 'changed.txt': 'two\n', 'staged.txt': 'two\n', 'src/new file.txt': 'ä\n' });
    await repo.git(['add', 'staged.txt']);
    await repo.write({ 'staged.txt': 'three\n', 'mine.txt': 'changed by the person\n' });
    await rm(at('gone.txt'));
    await repo.git(['mv', 'old.txt', 'renamed.txt']);
    await chmod(at('tool.sh'), 0o755);
    await writeFile(at('binary'), BINARY);
    await symlink('changed.txt', at('link'));
    const before = bytesOfCheckout(repo.path);
    const chat = [
      'changed.txt',
      'staged.txt',
      'src/new file.txt',
      'gone.txt',
      'renamed.txt',
      'tool.sh',
      'binary',
      'link',
    ];
    const { brought, commit } = await copied(repo, [...chat, 'README.md', 'never/there.txt']);
    expect(bytesOfCheckout(repo.path)).toEqual(before);
    expect(await changesIn(repo, commit)).toEqual([
      'A\tbinary',
      'A\tlink',
      'A\trenamed.txt',
      'A\tsrc/new file.txt',
      'D\tgone.txt',
      'D\told.txt',
      'M\tchanged.txt',
      'M\tstaged.txt',
      'M\ttool.sh',
    ]);
    expect(brought?.files.length).toBe(9);
    expect(await repo.git(['show', `${commit}:staged.txt`])).toBe('three');
    expect(await repo.git(['ls-tree', commit, 'tool.sh', 'link'])).toMatch(
      /^120000 .*link\n100755 .*tool.sh$/,
    );
    expect(await repo.git(['rev-parse', `${commit}:binary`])).toBe(await repo.git(['hash-object', 'binary']));
    expect(await repo.git(['rev-parse', `${commit}^`])).toBe(await repo.git(['rev-parse', 'HEAD']));
  },
);

test('ignored files, names of secrets, large files, links that leave and nested repositories are never offered', async () => {
  await using repo = await makeRepo({ files: { '.gitignore': 'ignored/\n', '.env.example': 'A=\n' } });
  const at = (name: string) => join(repo.path, name);
  const secret = ['.env', 'deploy/.env.production', 'local.env', 'id_ed25519', 'tls/server.PEM'];
  const never = [...secret, '.npmrc', 'secrets.yml', 'ignored/a.txt'];
  const texts = { 'tls/server.PEM': '-----BEGIN PRIVATE KEY-----\n', '.npmrc': '_authToken=abcdefgh\n' };
  await repo.write({
    ...Object.fromEntries([...never, 'fine.txt'].map((name) => [name, 'text\n'])),
    ...texts,
  });
  await repo.write({ '.env.example': 'A=b\n', 'tls/ca.pem': '-----BEGIN CERTIFICATE-----\n' });
  await writeFile(at('large.bin'), '');
  await truncate(at('large.bin'), 10 * 1024 * 1024 + 1);
  await symlink('../outside', at('leaves'));
  await symlink(at('fine.txt'), at('absolute'));
  await repo.git(['init', '--quiet', 'nested']);
  await repo.write({ 'nested/a.txt': 'a\n' });
  const others = ['large.bin', 'leaves', 'absolute', 'nested', 'nested/a.txt'];
  const { brought } = await copied(repo, [
    ...[...never, ...others],
    ...['.env.example', 'tls/ca.pem', 'fine.txt'],
  ]);
  expect(brought?.files).toEqual(['.env.example', 'fine.txt', 'tls/ca.pem']);
});

test('a file with a merge conflict is not offered', async () => {
  await using repo = await makeRepo({ also: ['other'] });
  await repo.commit('ours', { 'README.md': 'ours\n' });
  await repo.git(['checkout', '--quiet', 'other']);
  await repo.commit('theirs', { 'README.md': 'theirs\n' });
  await expect(repo.git(['merge', '--quiet', 'main'])).rejects.toThrow();
  expect(await uncommittedFiles(['README.md'], optionsOf(repo))).toEqual([]);
});

test('the copies are what is there when they are made, not what was offered', async () => {
  await using repo = await makeRepo({ files: { 'a.txt': 'a\n', 'b.txt': 'b\n' } });
  await repo.write({ 'a.txt': 'of the chat\n', 'b.txt': 'of the chat\n', 'c.txt': 'c\n', 'd.txt': 'd\n' });
  const offered = await uncommittedFiles(['a.txt', 'b.txt', 'c.txt', 'd.txt'], optionsOf(repo));
  await repo.write({ 'a.txt': 'of the person\n', 'b.txt': 'b\n', '.gitignore': 'c.txt\n' });
  await rm(join(repo.path, 'd.txt'));
  const { commit = '', files } = (await copyFiles(offered, optionsOf(repo), NONE)).brought ?? {};
  expect(files).toEqual(['a.txt']);
  expect(await repo.git(['show', `${commit}:a.txt`])).toBe('of the person');
  await repo.write({ 'a.txt': 'a\n' });
  expect(await copyFiles(offered, optionsOf(repo), NONE)).toEqual({ unfit: [] });
});

test('a file that got a secret since it was offered is not copied, and named', ci, async () => {
  await using repo = await makeRepo({ files: { 'a.txt': 'a\n', 'b.txt': 'b\n' } });
  await repo.write({ 'a.txt': 'of the chat\n', 'b.txt': 'of the chat\n' });
  const offered = await uncommittedFiles(['a.txt', 'b.txt'], optionsOf(repo));
  await repo.write({ 'b.txt': 'swordfish\n' });
  const copied = await copyFiles(offered, optionsOf(repo), (text) => text.includes('swordfish'));
  expect(copied).toMatchObject({ brought: { files: ['a.txt'] }, unfit: ['b.txt'] });
});

test('a file that became a folder, and a folder that became a file, are copied', async () => {
  await using repo = await makeRepo({ files: { thing: 'file\n', 'other/in.txt': 'in\n' } });
  await rm(join(repo.path, 'thing'));
  await rm(join(repo.path, 'other'), { recursive: true });
  await repo.write({ 'thing/in.txt': 'now in a folder\n', other: 'now a file\n' });
  const { commit } = await copied(repo, ['thing', 'thing/in.txt', 'other', 'other/in.txt']);
  expect(await changesIn(repo, commit)).toEqual([
    'A\tother',
    'A\tthing/in.txt',
    'D\tother/in.txt',
    'D\tthing',
  ]);
});

test('where git converts line endings, the copies are stored as git add stores them', async () => {
  await using repo = await makeRepo();
  await repo.git(['config', 'core.autocrlf', 'true']);
  await repo.write({ 'new.txt': 'one\r\ntwo\r\n' });
  const { commit } = await copied(repo, ['new.txt']);
  const stored = await repo.git(['cat-file', '-s', `${commit}:new.txt`]);
  expect(stored).toBe('8');
  const worktree = await branchFrom(repo, commit);
  expect(await readFile(join(worktree, 'new.txt'), 'utf8')).toBe('one\r\ntwo\r\n');
  expect(await repo.git(['status', '--porcelain'], worktree)).toBe('');
});

test('line endings that git would refuse to convert are copied', async () => {
  await using repo = await makeRepo();
  await repo.git(['config', 'core.autocrlf', 'input']);
  await repo.git(['config', 'core.safecrlf', 'true']);
  await repo.write({ 'new.txt': 'one\r\ntwo\r\n' });
  expect((await copied(repo, ['new.txt'])).brought?.files).toEqual(['new.txt']);
});

const FOLDER = '26-11-27-boats';

/** Begins a session's branch with the copies. @returns its worktree */
async function branchFrom(repo: TempRepo, copies: string): Promise<string> {
  const base = await repo.git(['rev-parse', 'main']);
  const made = await firstOn(repo, base, copies);
  const worktreePath = join(repo.root, 'worktree');
  const start = made.kind === 'made' ? { startCommit: made.commit } : {};
  const plan = { mainRepo: repo.path, worktreePath, branch: 'boats', baseCommit: base, ...start };
  const worktree = await ensureWorktree({ ...plan, baseEnv: repo.env });
  expect(worktree.baseCommit).toBe(base);
  return worktreePath;
}

async function firstOn({ path, env }: TempRepo, base: string, copies: string) {
  return await firstCommitOn(base, { mainRepo: path, sessionFolder: FOLDER, copies, baseEnv: env });
}

/** A person works on another branch than the session's base, and has changed two files there. */
async function onAnotherBranch(also: RepoPlan['files'] = {}): Promise<{ repo: TempRepo; copies: string }> {
  const lines = ['1', '2', '3', '4', '5', '6', '7', '8', '9'].join('\n');
  const repo = await makeRepo({ files: { 'a.txt': lines, 'b.txt': 'b\n' }, also: ['feature'] });
  await repo.commit('later on main', { 'a.txt': lines.replace('1', 'one'), ...also });
  await repo.git(['checkout', '--quiet', 'feature']);
  await repo.commit('only on the feature', { 'feature.txt': 'feature\n' });
  await repo.write({ 'a.txt': lines.replace('9', 'nine'), 'new.txt': 'new\n' });
  const { commit: copies } = await copied(repo, ['a.txt', 'new.txt']);
  await keepCopies({ mainRepo: repo.path, sessionFolder: FOLDER, copies, baseEnv: repo.env });
  return { repo, copies };
}

test('on another base than the checked-out commit, the branch gets the changes of the chat alone', async () => {
  const { repo, copies } = await onAnotherBranch();
  await using _ = repo;
  const before = bytesOfCheckout(repo.path);
  const worktree = await branchFrom(repo, copies);
  expect(bytesOfCheckout(repo.path)).toEqual(before);
  expect(await changesIn(repo, 'boats')).toEqual(['A\tnew.txt', 'M\ta.txt']);
  expect(await repo.git(['rev-parse', 'boats^'])).toBe(await repo.git(['rev-parse', 'main']));
  expect(await readFile(join(worktree, 'a.txt'), 'utf8')).toMatch(/^one\n[\s\S]*\nnine$/);
  expect(await repo.git(['log', '-1', '--format=%an %s', 'boats'])).toBe(
    'Test Person Files that the chat had changed',
  );
});

test.each<[string, string, RepoPlan['files'], object]>([
  ['that changed the same lines', 'conflicts', { 'new.txt': 'another one\n' }, { files: ['new.txt'] }],
  [
    'that already has everything',
    'same',
    { 'new.txt': 'new\n', 'a.txt': 'one\n2\n3\n4\n5\n6\n7\n8\nnine' },
    {},
  ],
])('on a base %s, there is no first commit: %s', async (_, kind, also, more) => {
  const { repo, copies } = await onAnotherBranch(also);
  await using __ = repo;
  const base = await repo.git(['rev-parse', 'main']);
  expect(await firstOn(repo, base, copies)).toEqual({ kind, ...more });
  await branchFrom(repo, copies);
  expect(await repo.git(['rev-parse', 'boats'])).toBe(base);
  // The copies outlive a gc.
  await repo.git(['gc', '--quiet', '--prune=now']);
  expect(await repo.git(['cat-file', '-t', copies])).toBe('commit');
});

test('a worker that begins again uses the first commit of the one that died, also when the base has moved', async () => {
  const { repo, copies } = await onAnotherBranch();
  await using _ = repo;
  const made = await firstOn(repo, await repo.git(['rev-parse', 'main']), copies);
  const moved = await repo.git(['commit-tree', 'main^{tree}', '-p', 'main', '-m', 'later']);
  expect(await firstOn(repo, moved, copies)).toEqual(made);
});

test('a repository without the commit of the copies says so', async () => {
  await using repo = await makeRepo();
  expect(await firstOn(repo, await repo.git(['rev-parse', 'main']), 'a'.repeat(40))).toEqual({
    kind: 'gone',
  });
});

test('a merge driver of the repository does not run', async () => {
  const { repo, copies } = await onAnotherBranch({ '.gitattributes': '*.txt merge=mine\n' });
  await using _ = repo;
  const ran = join(repo.root, 'ran');
  await repo.git(['config', 'merge.mine.driver', `touch ${ran}`]);
  await repo.write({ '.gitattributes': '*.txt merge=mine\n' });
  const made = await firstOn(repo, await repo.git(['rev-parse', 'main']), copies);
  expect(made).toEqual({ kind: 'conflicts', files: ['a.txt'] });
  await expect(stat(ran)).rejects.toThrow();
});
