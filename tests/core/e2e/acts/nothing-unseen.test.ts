import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { finishSession, previewFinish } from '../../../../src/core/acts/finish/finish-session.act.ts';
import { approvePlan } from '../../../../src/core/acts/gates/approve-plan.act.ts';
import { previewRewind } from '../../../../src/core/acts/rewind/preview-rewind.act.ts';
import { rewindSession } from '../../../../src/core/acts/rewind/rewind-session.act.ts';
import { confirmPreview } from '../../../../src/core/faces/terminal/ask-preview.ts';
import type { Cli } from '../../../../src/core/faces/terminal/cli.ts';
import { leaveCommand } from '../../../../src/core/session/commands/commands.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { askTool } from '../../../app/unit/server/ask-tool.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { commitWork, startRig } from '../../../support/session-rig.ts';

// A confirmation is of what was shown: a look that failed, or that ended in a refusal, agrees to nothing.

test('a plan that could not be shown is not approved at the terminal', ci, async () => {
  await using rig = await startRig({ at: 'planned' });
  await rig.requestChanges('Name the boats, too');
  await rig.untilWaiting('plan_approval');
  // As a disk that does not answer would, it keeps git from showing what has changed.
  const place = { cwd: rig.repo.path, home: rig.repo.homeDir, env: { PATH: rig.repo.root } };
  const { exitCode, stderr } = await typed(['approve', rig.file.folder], { ...place, says: ['y'] });
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('git')]);
  expect((await rig.state()).status).toMatchObject({ kind: 'waiting', for: 'plan_approval' });
  await expect(
    approvePlan({ session: rig.file.folder, hash: undefined }, rig.context()),
  ).rejects.toMatchObject({
    code: 'plan_hash_missing',
  });
});

test(
  'an act whose preview was refused is not carried out, even once nothing is in the way any more',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking' });
    const preview = await previewFinish({ session: rig.file.folder, how: 'merge', keep: [] }, rig.context());
    expect(preview.refusal).toBeDefined();
    // It asks nothing, so no terminal is needed.
    const asking = confirmPreview({} as Cli, { preview, title: 'Merge', command: 'samocode finish' });
    await expect(asking).rejects.toBe(preview.refusal);
  },
);

const WAYS = ['merge', 'pull_request', 'discard', 'keep_branch'] as const;

test(
  'what a finish or a rewind would do counts as it was shown, and a commit since then refuses it',
  ci,
  async () => {
    await using rig = await startRig({ at: 'done', here: true });
    const { folder: session } = rig.file;
    const context = rig.context();
    const refs = () => rig.repo.git(['for-each-ref', 'refs/heads']);
    const acts = [
      ...WAYS.map((how) => ({
        show: () => previewFinish({ session, how, keep: [] }, context),
        act: (shown: string | undefined) => finishSession({ session, how, keep: [], shown }, context),
      })),
      {
        show: () => previewRewind({ session, to: 1 }, context),
        act: (shown: string | undefined) => rewindSession({ session, to: 1, shown }, context),
      },
    ];
    for (const [index, { show, act }] of acts.entries()) {
      await expect(act(undefined)).rejects.toMatchObject({ code: 'not_shown' });
      const { hash, refusal } = await show();
      expect([refusal, (await show()).hash]).toEqual([undefined, hash]);
      await commitWork(rig, `later-${index}.txt`);
      const before = await refs();
      await expect(act(hash)).rejects.toMatchObject({ code: 'preview_changed' });
      expect(await refs()).toBe(before);
    }
    expect((await rig.state()).archived).toBe(false);
  },
);

test(
  'a command that waited while the branch moved, or that an older program left, is refused',
  ci,
  async () => {
    await using rig = await startRig({ at: 'done', here: true });
    const { git } = rig.repo;
    const before = await git(['rev-parse', 'main']);
    const tip = await git(['rev-parse', (await rig.state()).worktree?.branch ?? '']);
    await commitWork(rig, 'later.txt');
    const head = { v: 1, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' } as const;
    for (const kind of ['merge', 'discard'] as const) {
      await leaveCommand(rig.paths, { ...head, id: ulid(), kind, tip });
      await leaveCommand(rig.paths, { ...head, id: ulid(), kind });
    }
    await leaveCommand(rig.paths, { ...head, id: ulid(), kind: 'rewind', to: 1 });
    await rig.launch();
    const refused = await eventually(async () => {
      const all = (await rig.events()).filter((event) => event.type === 'command_refused');
      return all.length === 5 && all;
    });
    expect(refused.map(({ kind, code }) => `${kind} ${code}`).sort()).toEqual([
      'discard branch_moved',
      'discard shown_unknown',
      'merge branch_moved',
      'merge shown_unknown',
      'rewind shown_unknown',
    ]);
    expect(await git(['rev-parse', 'main'])).toBe(before);
  },
);

test(
  'an answer is for the questions as they were read: in the chat, at the terminal, and in a command',
  ci,
  async () => {
    await using rig = await startRig({ at: 'asking', here: true });
    const { folder: session } = rig.file;
    const tool = async (name: string, args: object = {}) =>
      (await askTool(name, { session, ...args }, rig.context('tool'))).json;
    const { hash, questions } = await tool('read_qa');
    const text = await readFile(rig.paths.qa, 'utf8');
    const asked = String((questions as { text: string }[])[0]?.text);
    await writeFile(rig.paths.qa, text.replace(asked, 'May everything be deleted?'));
    const answers = { Q1: 'A' };
    expect(await tool('answer_qa', { hash, answers })).toMatchObject({ code: 'questions_changed' });
    expect(await tool('answer_qa', { answers })).toMatchObject({ code: 'questions_hash_missing' });

    const place = { cwd: rig.repo.path, home: rig.repo.homeDir, env: rig.repo.env };
    const shown = await typed(['answer', session, 'Q1=A'], { ...place, programs: rig.context().programs });
    expect(shown).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('May everything be deleted?'),
    });
    expect((await rig.state()).answers.map(({ id }) => id)).toEqual(['Q1']);
  },
);

test('--yes agrees to what this call shows, and a reason against it refuses', async () => {
  await using rig = await startRig({ at: 'done', here: true });
  const { path: cwd, homeDir: home, env } = rig.repo;
  const { programs } = rig.context();
  const finish = (...argv: string[]) =>
    typed(['finish', rig.file.folder, ...argv, '--yes'], { cwd, home, env, programs });
  await writeFile(join((await rig.state()).worktree?.path ?? '', 'unsaved.txt'), 'x');
  expect(await finish('--keep-branch')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('unsaved.txt'),
  });
  const { stdout } = await finish('--merge');
  expect(stdout).toMatch(/1 commit of branch \S+ will be merged into main[\s\S]* is merged into main/);
});

test.for([
  ['finish --merge', /will be merged into main, in a temporary clone/],
  ['finish --discard', /will be deleted: 2 commits ahead of main/],
  ['rewind --to 1', /^ {2}Removed from branch/m],
] as const)(
  'whichever look fails, a person who agrees to "%s" has seen what is done then',
  async ([words, seen]) => {
    await using rig = await startRig({ at: 'done', here: true });
    await commitWork(rig, 'later.txt');
    const { programs } = rig.context();
    const [bin, count] = [join(rig.repo.root, 'failing'), join(rig.repo.root, 'count')];
    await mkdir(bin);
    const env = { ...rig.repo.env, PATH: `${bin}:${process.env.PATH}` };
    const place = { cwd: rig.repo.path, home: rig.repo.homeDir, env, programs };
    const [act = '', ...rest] = words.split(' ');
    const now = async () => [await rig.repo.git(['for-each-ref']), (await rig.state()).n];
    const before = await now();
    const outcomes: string[] = [];
    for (let fails = 1; !outcomes.includes('done'); fails += 1) {
      await writeFile(count, '');
      // The nth git that the command starts ends with an error.
      const script = `echo >>'${count}'; [ $(wc -l <'${count}') = ${fails} ] && exit 128; PATH='${process.env.PATH}' exec git "$@"`;
      await writeFile(join(bin, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const { stdout } = await typed([act, rig.file.folder, ...rest], { ...place, says: ['y'] });
      const isDone = JSON.stringify(await now()) !== JSON.stringify(before);
      if (isDone) expect(stdout, `without git ${fails}`).toMatch(seen);
      outcomes.push(isDone ? 'done' : 'nothing');
    }
    expect(outcomes.slice(0, -1)).toContain('nothing');
  },
);
