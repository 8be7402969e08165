import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { confirmRead, hashIn } from '../../../support/as-parent.ts';
import { contentsOf } from '../../../support/checkpoint-scene.ts';
import { ci } from '../../../support/ci.ts';
import { restoreDiscarded } from '../../../support/restore-discarded.ts';
import { commitWork, type SessionRig, startRig } from '../../../support/session-rig.ts';

const tool = async (rig: SessionRig, args: object) =>
  (await askTool('finish_session', { session: rig.file.folder, ...args }, rig.context('tool'))).json;

const command = (rig: SessionRig, ...argv: string[]) => {
  const { path: cwd, homeDir: home, env } = rig.repo;
  return typed([...argv], { cwd, home, env, programs: rig.context().programs });
};

test.concurrent(
  'a merge is previewed, is checked in a clone, and moves the base only if the checks pass',
  ci,
  async () => {
    // Passes on the base and on the branch, and fails on their merge.
    const check = 'test ! -e work.txt || test ! -e theirs.txt';
    await using rig = await startRig({ at: 'done', here: true, lines: { CHECK: check } });
    const { git } = rig.repo;
    const told = await tool(rig, { how: 'merge' });
    expect(String(told.would)).toContain('1 commit of branch');
    expect(String(told.would)).toContain('1 check will run on the result');
    expect(told.next).toMatch(/finish_session \(how: merge, confirm: [0-9a-f]{12}\)/);

    const theirs = await rig.repo.commit('Theirs', { 'theirs.txt': 'x\n' });
    const failed = await tool(rig, { how: 'merge', confirm: hashIn(told) });
    expect(failed).toMatchObject({ code: 'not_merged', message: expect.stringContaining('exit status 1') });
    expect(await git(['rev-parse', 'main'])).toBe(theirs);
    const ran = (await rig.events()).findLast((event) => event.type === 'checks_ran');
    expect(ran).toMatchObject({ set: 'merge', in: 'clone', runs: [{ command: check, exitCode: 1 }] });
    expect(await rig.state()).toMatchObject({
      status: { kind: 'done' },
      lastMerge: { outcome: 'checks_failed' },
    });

    await git(['rm', '--quiet', 'theirs.txt']);
    await git(['commit', '--quiet', '-m', 'Without theirs']);
    const shown = await command(rig, 'finish', rig.file.folder, '--merge');
    expect(shown).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('Nothing was done yet') });
    await writeFile(join(rig.repo.path, 'README.md'), 'mine\n');
    const left = await command(rig, 'finish', rig.file.folder, '--merge', '--yes');
    expect(left.stdout).toContain(`git -C ${rig.repo.path} merge --ff-only refs/samocode/`);
    await git(['checkout', '--', 'README.md']);
    const merged = await command(rig, 'finish', rig.file.folder, '--merge', '--yes', '--json');
    expect(JSON.parse(merged.stdout)).toMatchObject({
      ...{ how: 'merge', commands: [], state: 'done' },
      next_commands: [expect.stringContaining('samocode archive')],
      next: expect.stringMatching(/^samocode archive \S+$/),
    });
    expect(existsSync(join(rig.repo.path, 'work.txt'))).toBe(true);
    expect(await git(['status', '--porcelain', '--untracked-files=no'])).toBe('');
    expect(
      (await askTool('get_status', { session: rig.file.folder }, rig.context('tool'))).json.summary,
    ).toContain('its branch is merged into main');
    expect(await tool(rig, { how: 'merge' })).toMatchObject({
      in_the_way: [expect.stringContaining('is in main already')],
    });
  },
);

test.concurrent('a stop ends a merge, and nothing is changed', async ({ expect }) => {
  await using rig = await startRig({
    at: 'done',
    here: true,
    lines: { CHECK: '[ ! -e more.txt ] || sleep 600' },
  });
  await commitWork(rig, 'more.txt');
  const before = await rig.repo.git(['rev-parse', 'main']);
  const merging = confirmRead((args) => tool(rig, args), { how: 'merge' });
  await expect.poll(async () => (await rig.state()).work).toBeDefined();
  expect(await tool(rig, { how: 'keep_branch', confirm: 'unseen' })).toMatchObject({ code: 'busy' });
  await rig.stop();
  expect(await merging).toMatchObject({ code: 'not_merged' });
  const { status, lastMerge, stopWanted } = await rig.state();
  expect([status.kind, lastMerge?.outcome, stopWanted]).toEqual(['done', 'stopped', undefined]);
  expect(await rig.repo.git(['rev-parse', 'main'])).toBe(before);
});

test.concurrent('a rewind of merged and pushed work says what remains there, and its undo completes and proves the session again', async () => {
  await using rig = await startRig({ at: 'done', here: true });
  const { folder } = rig.file;
  const { git, root } = rig.repo;
  const branch = (await rig.state()).worktree?.branch ?? '';
  await commitWork(rig, 'more.txt');
  await git(['init', '--quiet', '--bare', join(root, 'elsewhere.git')]);
  await git(['remote', 'add', 'elsewhere', join(root, 'elsewhere.git')]);
  await git(['push', '--quiet', 'elsewhere', branch]);
  await command(rig, 'finish', folder, '--merge', '--yes');
  const merged = await rig.state();
  const proof = await contentsOf(rig.paths.proof);
  expect(merged).toMatchObject({ status: { kind: 'done' }, lastMerge: { outcome: 'merged' } });
  const stays = (what: string) =>
    new RegExp(`A rewind does not undo ${what}.*: \\d+ of these commits remain there`);

  const asked = await command(rig, 'rewind', folder, '--to', '1');
  expect(asked).toMatchObject({ exitCode: 4, stdout: expect.stringMatching(stays('the merge into main')) });
  const preview = await askTool('rewind_session', { session: folder, to: 1 }, rig.context('tool'));
  expect(String(preview.json.would)).toMatch(stays('the merge into main'));
  expect(String(preview.json.would)).toMatch(stays(`a push to elsewhere/${branch}`));
  const away = await askTool(
    'rewind_session',
    { session: folder, to: 1, confirm: hashIn(preview.json) },
    rig.context('tool'),
  );
  expect(away.json).toMatchObject({
    state: 'stopped',
    summary: expect.stringMatching(stays('the merge into main')),
  });
  await rig.until(({ lastMerge, proved }) => lastMerge === undefined && proved === undefined);

  const question = await command(rig, 'rewind', folder, '--undo');
  expect(question.stdout).toContain('the session is then done again');
  expect(question.stdout).not.toContain('does not undo');
  const back = await command(rig, 'rewind', folder, '--undo', '--yes');
  expect(back.stdout).toContain('and is now done again');
  const { status, proved, lastMerge } = await rig.state();
  expect({ status, proved, lastMerge }).toEqual({
    status: merged.status,
    proved: merged.proved,
    lastMerge: merged.lastMerge,
  });
  expect(await contentsOf(rig.paths.proof)).toEqual(proof);
  await command(rig, 'finish', folder, '--keep-branch', '--yes');
  const list = await command(rig, 'list', '--archived', '--json');
  expect(JSON.parse(list.stdout).sessions).toMatchObject([
    { session: folder, state: 'done', archived: true },
  ]);
});

test.concurrent('a discarded session is restored completely, and a worktree is pruned only if nothing is lost with it', async () => {
  await using rig = await startRig({ at: 'done', here: true });
  const path = (await rig.state()).worktree?.path ?? '';
  await writeFile(join(path, 'unsaved.txt'), 'x');
  const kept = JSON.parse((await command(rig, 'worktrees', '--prune', '--json')).stdout);
  expect(kept).toMatchObject({
    removed: [],
    worktrees: [{ path, kept: expect.stringContaining('unsaved.txt') }],
  });
  const all = await command(rig, 'finish', rig.file.folder);
  expect(all.stdout).toContain('(--keep-branch)\n  not now: ');
  const gone = await command(rig, 'finish', rig.file.folder, '--discard', '--yes');
  expect(gone.stdout).toContain('is discarded');
  expect(existsSync(path)).toBe(false);
  const trash = JSON.parse((await command(rig, 'worktrees', '--prune', '--json')).stdout);
  expect(trash).toMatchObject({ worktrees: [], emptied: [], trash: [{ session: rig.file.folder }] });
  const refused = await command(rig, 'unarchive', rig.file.folder);
  expect(refused.stderr).toContain('These commands restore it with its files: git -C ');
  await restoreDiscarded(rig);
  expect(existsSync(join(path, 'unsaved.txt'))).toBe(true);
  await rig.repo.git(['clean', '--quiet', '-f'], path);
  const pruned = JSON.parse((await command(rig, 'worktrees', '--prune', '--json')).stdout);
  expect(pruned).toMatchObject({ removed: [path], worktrees: [] });
  expect(existsSync(path)).toBe(false);
});
