import { execFile } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../../src/core/kernel/processes/host.ts';
import { fastForward, forwardAlone } from '../../../../../src/core/project/finishing/fast-forward.ts';
import type { TempRepo } from '../../../../support/temp-repo.ts';
import { mergeScene, REF, type Scene, work } from './merge-scene.ts';

test('a base that is not checked out moves, and nothing else', async () => {
  await using s = await mergeScene();
  await work(s.repo, { 'a.txt': 'work\n' });
  await s.repo.git(['switch', '--quiet', '-c', 'mine']);
  await s.merge();
  expect(await s.forward()).toEqual({ kind: 'done' });
  expect([await s.at('main'), existsSync(join(s.repo.path, 'a.txt'))]).toEqual([
    await s.at('samocode/x'),
    false,
  ]);
});

test.each<[string, (repo: TempRepo) => Promise<unknown>, string]>([
  ['a changed file', (repo) => repo.write({ 'README.md': 'mine\n' }), 'uncommitted changes'],
  [
    'a staged file',
    async (repo) => {
      await repo.write({ 'staged.txt': 'mine\n' });
      await repo.git(['add', 'staged.txt']);
    },
    'uncommitted changes',
  ],
  ['an untracked file in the way', (repo) => repo.write({ 'a.txt': 'mine\n' }), 'would be overwritten'],
  [
    'an ignored file in the way',
    (repo) => repo.write({ '.git/info/exclude': 'a.txt\n', 'a.txt': 'mine\n' }),
    'would be overwritten',
  ],
  [
    'a merge in progress',
    async (repo) => {
      await repo.git(['merge', '--quiet', '--no-commit', '--no-ff', 'other']);
    },
    'uncommitted changes',
  ],
])(
  'with %s in its checkout the base does not move, and the command to run is given',
  async (_, disturb, why) => {
    await using s = await mergeScene();
    await work(s.repo, { 'a.txt': 'work\n', 'README.md': 'work\n' });
    await s.repo.git(['switch', '--quiet', '-c', 'other']);
    await s.repo.commit('Other', { 'other.txt': 'x\n' });
    await s.repo.git(['switch', '--quiet', 'main']);
    await disturb(s.repo);
    const before = [await s.at('main'), await s.repo.git(['status', '--porcelain', '--ignored'])];
    await s.merge();
    expect(await s.forward()).toEqual({
      kind: 'refused',
      why: expect.stringContaining(why),
      commands: [`git -C ${s.repo.path} merge --ff-only ${REF}`],
    });
    expect([await s.at('main'), await s.repo.git(['status', '--porcelain', '--ignored'])]).toEqual(before);
    expect(await s.repo.git(['cat-file', '-t', REF])).toBe('commit');
  },
);

test('untracked files that are not in the way are kept next to the merged files', async () => {
  await using s = await mergeScene();
  await work(s.repo, { 'a.txt': 'work\n' });
  await s.repo.write({ 'mine.txt': 'mine\n' });
  await s.merge();
  expect(await s.forward()).toEqual({ kind: 'done' });
  expect(await readFile(join(s.repo.path, 'mine.txt'), 'utf8')).toBe('mine\n');
});

test.each([
  ['--skip-worktree', 'settings.txt', { kind: 'done' }],
  ['--assume-unchanged', 'settings.txt', { kind: 'done' }],
  ['--skip-worktree', 'work.txt', { kind: 'refused', why: expect.stringContaining('work.txt') }],
  ['--assume-unchanged', 'work.txt', { kind: 'refused', why: expect.stringContaining('work.txt') }],
] as const)(
  'with git update-index %s, own changes in %s stay, and only those that the merge would touch refuse it, by name',
  async (flag, name, end) => {
    await using s = await mergeScene({ files: { 'settings.txt': 'shared\n', 'work.txt': 'before\n' } });
    await work(s.repo, { 'work.txt': 'after\n' });
    await s.merge();
    await s.repo.git(['update-index', flag, name]);
    await writeFile(join(s.repo.path, name), 'own\n');
    expect(await s.forward()).toMatchObject(end);
    expect(await readFile(join(s.repo.path, name), 'utf8')).toBe('own\n');
    expect((await s.at('main')) === (await s.at(REF))).toBe(end.kind === 'done');
  },
);

test('a base that moved after the merge was created is not changed', async () => {
  await using s = await mergeScene();
  await work(s.repo, { 'a.txt': 'work\n' });
  await s.merge();
  const from = await s.at('main');
  const moved = await s.repo.commit('Meanwhile', { 'b.txt': 'theirs\n' });
  expect(await s.forward(from)).toEqual({ kind: 'moved' });
  expect(await s.at('main')).toBe(moved);
});

test('a base that is checked out in a worktree moves there', async () => {
  await using s = await mergeScene();
  await work(s.repo, { 'a.txt': 'work\n' });
  await s.repo.git(['switch', '--quiet', '-c', 'mine']);
  const elsewhere = join(s.repo.root, 'else where');
  await mkdir(elsewhere);
  await s.repo.git(['worktree', 'add', '--quiet', elsewhere, 'main']);
  await s.merge();
  expect(await s.forward()).toEqual({ kind: 'done' });
  expect(await readFile(join(elsewhere, 'a.txt'), 'utf8')).toBe('work\n');
});

test('files of the checkout that the branch began with are named, and the commands merge without them', async () => {
  await using s = await mergeScene({ files: { 'a.txt': 'a\n', 'gone.txt': 'gone\n', 'mine.txt': 'mine\n' } });
  const { repo } = s;
  const { path } = repo;
  const copies = { 'a.txt': 'of the chat\n', 'b c/new.txt': 'new\n', 'other.txt': 'of the chat\n' };
  await repo.git(['switch', '--quiet', 'samocode/x']);
  await repo.git(['rm', '--quiet', 'gone.txt']);
  await repo.commit('Files', copies);
  const commit = await s.at('samocode/x');
  await repo.commit('Work', { 'a.txt': 'of the chat\nwork\n', 'other.txt': 'work\n' });
  await repo.git(['switch', '--quiet', 'main']);
  await s.merge();
  await repo.write({ ...copies, 'other.txt': 'later\n', 'mine.txt': 'changed\n' });
  await rm(join(path, 'gone.txt'));
  const files = ['a.txt', 'b c/new.txt', 'gone.txt', 'other.txt'];
  const plan = await s.plan();
  const left = await fastForward({ ...plan, copied: { commit, files } });
  if (left.kind !== 'refused') throw new Error(left.kind);
  expect(left.why).toContain('The session began with copies of a.txt, b c/new.txt, gone.txt, and these');
  await inShell(left.commands.slice(0, -1).join(' && '), repo);
  // The person's later content is not removed, so git refuses to overwrite it.
  await expect(inShell(left.commands.at(-1) ?? '', repo)).rejects.toThrow('other.txt');
  await rm(join(path, 'other.txt'));
  await inShell(left.commands.at(-1) ?? '', repo);
  expect(await s.at('main')).toBe(plan.to);
  expect(await repo.git(['status', '--porcelain'])).toBe('M mine.txt');
});

/** Fast-forwards while a person types a git command, right before git begins to merge. */
async function forwardWhile(typed: string, s: Scene): ReturnType<typeof fastForward> {
  const git = join(await s.repo.git(['--exec-path']), 'git');
  const bin = join(s.repo.root, 'bin');
  const script = `#!/bin/sh\ncase " $* " in *" merge "*) ${git} ${typed};; esac\nexec ${git} "$@"\n`;
  await s.repo.write({ '../bin/git': script });
  await chmod(join(bin, 'git'), 0o755);
  const { PATH = '' } = s.repo.env;
  s.repo.env.PATH = `${bin}:${PATH}`;
  const forward = await s.forward();
  s.repo.env.PATH = PATH;
  return forward;
}

const inShell = (command: string, { env }: TempRepo) => promisify(execFile)('sh', ['-c', command], { env });

/** What a person types while git begins to merge, and where `my-fix` then is, before and after the commands. */
test.each([
  ['a branch of the same commit', 'switch -q -c my-fix', 'main', '"my-fix" was moved instead'],
  ['a branch that is behind', 'switch -q my-fix', 'main~1', '"my-fix" was moved instead'],
  ['a branch that has it all', 'switch -q my-fix', REF, '"my-fix" was checked out instead'],
  ['no branch', 'switch -q --detach', 'main', '"HEAD" was moved instead'],
])('the commands after a switch to %s move the base alone', async (_name, typed, place, why) => {
  await using s = await mergeScene();
  await s.repo.commit('Second', { 'b.txt': 'b\n' });
  await work(s.repo, { 'a.txt': 'work\n' });
  await s.merge();
  if (!typed.includes('-c ')) await s.repo.git(['branch', 'my-fix', place]);
  const from = await s.at('main');
  const fix = await s.at(place);
  const forward = await forwardWhile(typed, s);
  expect(forward).toMatchObject({ kind: 'refused', why: expect.stringContaining(why) });
  expect(await s.at('main')).toBe(from);
  for (const command of forward.kind === 'refused' ? forward.commands : []) await inShell(command, s.repo);
  expect([await s.at('main'), await s.at('my-fix')]).toEqual([await s.at(REF), fix]);
  expect(await s.repo.git(['symbolic-ref', '--short', 'HEAD'])).toBe('main');
  expect(await s.repo.git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
});

test('the commands do not take back what was committed meanwhile on the branch that was moved', async () => {
  await using s = await mergeScene();
  await work(s.repo, { 'a.txt': 'work\n' });
  await s.merge();
  const forward = await forwardWhile('switch -q -c my-fix', s);
  const mine = await s.repo.commit('Mine', { 'mine.txt': 'mine\n' });
  const [first = '', second = ''] = forward.kind === 'refused' ? forward.commands : [];
  await expect(inShell(first, s.repo)).rejects.toThrow();
  await inShell(second, s.repo);
  expect([await s.at('main'), await s.at('my-fix')]).toEqual([await s.at(REF), mine]);
});

interface Interrupted {
  name: string;
  /** What is in the checkout at the next try. */
  there: (repo: TempRepo, half: () => Promise<unknown>) => Promise<unknown>;
  /** The target of the note, as a revision. */
  target?: string;
  kind: 'done' | 'refused';
  /** `b.txt` after the printed commands, if any. */
  b?: string;
  commands?: RegExp[];
}

const EDIT = 'old b\n\n\n\nmine\n';
const INTERRUPTED: Interrupted[] = [
  {
    name: 'a note alone, next to an untracked file, is removed and the merge is made',
    there: (repo) => repo.write({ 'mine.txt': 'mine\n' }),
    kind: 'done',
  },
  {
    name: "a person's edit since is left alone, and no reset is advised",
    there: (repo) => repo.write({ 'b.txt': EDIT }),
    kind: 'refused',
    commands: [/ merge --ff-only /],
  },
  {
    name: 'an old note of another target says nothing about an edit of a file that the new one changes',
    there: (repo) => repo.write({ 'b.txt': EDIT }),
    target: 'other',
    kind: 'refused',
    commands: [/ merge --ff-only /],
  },
  {
    name: 'files that git wrote are completed by the commands',
    there: (_, half) => half(),
    kind: 'refused',
    b: 'new b\n\n\n\n\n',
    commands: [/^rm -f .*index\.lock$/, / reset --hard [0-9a-f]{40}$/],
  },
  {
    name: "files that git wrote are completed, and a person's edit of another file is kept",
    there: async (repo, half) => {
      await half();
      await repo.write({ 'b.txt': EDIT });
    },
    kind: 'refused',
    b: 'new b\n\n\n\nmine\n',
    commands: [
      /^rm -f .*index\.lock$/,
      / stash push .* b\.txt && .* reset --hard [0-9a-f]{40} && .* stash pop$/,
    ],
  },
];

test.each(INTERRUPTED)(
  'a merge whose worker died after its note: $name',
  async ({ there, target, kind, b, commands = [] }) => {
    await using s = await mergeScene();
    const { path } = s.repo;
    await s.repo.commit('Base', { 'a.txt': 'old a\n', 'b.txt': 'old b\n\n\n\n\n', 'c.txt': 'old c\n' });
    await s.repo.git(['branch', '--force', 'samocode/x']);
    await s.repo.git(['branch', 'other']);
    await work(s.repo, { 'a.txt': 'new a\n', 'b.txt': 'new b\n\n\n\n\n', 'd/d.txt': 'new d\n' });
    await s.repo.git(['switch', '--quiet', 'other']);
    await s.repo.commit('Other', { 'b.txt': 'other b\n' });
    await s.repo.git(['switch', '--quiet', 'main']);
    await s.merge();
    const plan = await s.plan();
    const { from, to } = plan;
    const note = join(path, '.git/samocode/merging.json');
    const about = { path, branch: 'main', from, to: await s.at(target ?? REF) };
    await s.repo.write({ '.git/samocode/merging.json': JSON.stringify(about) });
    await there(s.repo, () =>
      s.repo.write({ 'a.txt': 'new a\n', 'd/d.txt': 'new d\n', '.git/index.lock': '' }),
    );
    const tools = { clock: systemClock, host: await systemHost() };
    const forward = await forwardAlone(plan, tools);
    const printed = forward.kind === 'refused' ? forward.commands : [];
    expect({ ...forward, commands: printed.length }).toMatchObject({ kind, commands: commands.length });
    for (const [at, command] of commands.entries()) expect(printed[at]).toMatch(command);
    expect(existsSync(note)).toBe(b !== undefined);
    for (const command of b === undefined ? [] : printed) await inShell(command, s.repo);
    const texts = await Promise.all(['b.txt', 'c.txt'].map((name) => readFile(join(path, name), 'utf8')));
    const kept = kind === 'done' ? 'new b\n\n\n\n\n' : EDIT;
    expect(texts).toEqual([b ?? kept, 'old c\n']);
    expect(await s.at('main')).toBe(b === undefined && kind === 'refused' ? from : to);
  },
  60_000,
);

test('a merge that throws leaves no note', async () => {
  await using s = await mergeScene();
  await work(s.repo, { 'a.txt': 'work\n' });
  await s.merge();
  const folder = join(s.repo.path, '.git/samocode');
  await mkdir(folder, { recursive: true });
  const stop = new AbortController();
  const seen = watch(folder, (_, name) => name === 'merging.json' && stop.abort());
  const plan = { ...(await s.plan()), signal: stop.signal };
  await expect(forwardAlone(plan, { clock: systemClock, host: await systemHost() })).rejects.toThrow();
  seen.close();
  expect(existsSync(join(folder, 'merging.json'))).toBe(false);
});
