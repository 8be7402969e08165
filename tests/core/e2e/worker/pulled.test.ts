import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { superviseIfUnfinished } from '../../../../src/core/caller/context/supervision.ts';
import { earlierRunRoot } from '../../../../src/core/session/layout/paths.ts';
import { ci } from '../../../support/ci.ts';
import { eventsOfType } from '../../../support/events-of.ts';
import { eventually } from '../../../support/eventually.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';

const ID = '01KEE000000000000000000000';

/** A program that leaves a trace, and a command of a person that names it. */
async function resumeWith(rig: SessionRig): Promise<{ command: string; canary: string }> {
  const program = join(rig.repo.path, 'tools', 'claude');
  const canary = join(rig.repo.root, 'canary');
  await mkdir(dirname(program), { recursive: true });
  await writeFile(program, `#!/bin/sh\ntouch '${canary}'\n`);
  await chmod(program, 0o755);
  const head = { v: 1, id: ID, by: { channel: 'cli' }, at: '2026-01-08T10:00:00.000Z' };
  const agent = { provider: 'claude', model: '', cliPath: program };
  return {
    canary,
    command: JSON.stringify({ ...head, kind: 'resume', agent, checks: [`touch '${canary}'`] }),
  };
}

const codesOfNotices = async (rig: SessionRig) => (await eventsOfType(rig, 'notice')).map(({ code }) => code);

/** Commits a file below the ignored folders, as others do whose commits a pull brings. */
async function pulls({ repo }: SessionRig, path: string): Promise<void> {
  await repo.git(['add', '-f', '--', path]);
  await repo.git(['commit', '-q', '-m', 'Pulled']);
}

test('a command that a pull brings is read by no worker, and every way in names its file', ci, async () => {
  await using rig = await startRig({ here: true, at: 'stopped' });
  const { command, canary } = await resumeWith(rig);
  // Where earlier versions read commands.
  const path = join(earlierRunRoot(rig.paths.sessionsDir), rig.paths.folder, 'commands', `${ID}.json`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, command);
  await pulls(rig, path);
  const before = await rig.events();
  const refused = { code: 'place_not_ours', message: expect.stringContaining(`commands/${ID}.json`) };
  await expect(rig.resume()).rejects.toMatchObject(refused);
  await rig.launch();
  await eventually(async () =>
    (await readFile(rig.paths.workerErrors, 'utf8').catch(() => '')).includes(`commands/${ID}.json`),
  );
  expect(await rig.events()).toEqual(before);
  expect(existsSync(path)).toBe(true);
  expect(existsSync(canary)).toBe(false);
  await rig.repo.git(['rm', '-q', '--', path]);
  await rig.repo.git(['commit', '-q', '-m', 'Repaired']);
  await rig.resume();
  await rig.untilWaiting('qa_answers');
});

test('answers and a phase that a pull brings into a repository of notes wait for a person', ci, async () => {
  await using rig = await startRig({ at: 'asking', supervised: true });
  const { sessionsDir, qa, overview, folder } = rig.paths;
  const notes = (args: string[], at = sessionsDir) => rig.repo.git(args, at);
  await notes(['config', '--global', 'user.name', 'Ada']);
  await notes(['config', '--global', 'user.email', 'ada@example.invalid']);
  await notes(['init', '-q']);
  await notes(['add', '-A']);
  await notes(['commit', '-q', '-m', 'Mine']);
  const theirs = join(rig.repo.root, 'theirs');
  await notes(['clone', '-q', sessionsDir, theirs]);
  const edit = async (path: string, change: (text: string) => string) => {
    const at = join(theirs, folder, basename(path));
    await writeFile(at, change(await readFile(at, 'utf8')));
  };
  await edit(qa, (text) => text.replaceAll('_waiting_', 'A').replace('Status: waiting', 'Status: answered'));
  await edit(overview, (text) => text.replace(/^Phase: .*$/m, 'Phase: investigation'));
  await notes(['commit', '-q', '-a', '-m', 'Theirs'], theirs);
  await superviseIfUnfinished(rig.context());
  await notes(['pull', '-q', '--ff-only', theirs]);
  await eventually(async () => (await codesOfNotices(rig)).includes('answers_committed'));
  await eventually(async () => !(await readFile(overview, 'utf8')).includes('Phase: investigation'));
  expect((await rig.state()).status).toMatchObject({ kind: 'waiting', for: 'qa_answers' });
  expect(await eventsOfType(rig, 'answers_recorded')).toEqual([]);
  expect(await eventsOfType(rig, 'phase_set')).toEqual([]);
  await rig.answer({ confirmTyped: true });
  await rig.untilWaiting('plan_approval');
  expect(await eventsOfType(rig, 'answers_recorded')).toMatchObject([{ by: { channel: 'cli' } }]);
});

test('a link that appears while a session rests stops its next worker before a folder is made', async () => {
  await using rig = await startRig({ here: true, at: 'stopped' });
  const target = join(rig.repo.homeDir, '.claude');
  await mkdir(target, { recursive: true });
  const caches = join(rig.file.worktreesDir, '.sandbox', '.caches');
  await rm(dirname(caches), { recursive: true, force: true });
  await mkdir(dirname(caches), { recursive: true });
  await symlink(target, caches);
  await expect(rig.resume()).rejects.toThrow(caches);
  await rig.launch();
  await eventually(async () =>
    (await readFile(rig.paths.workerErrors, 'utf8').catch(() => '')).includes(caches),
  );
  expect(await readdir(target)).toEqual([]);
});
