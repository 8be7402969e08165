import { expect, test } from 'vitest';
import { isSamocodeError } from '../../../src/core/kernel/errors.ts';
import type { SessionState } from '../../../src/core/session/events/state.ts';
import { ci } from '../../support/ci.ts';
import { KilledGit } from '../../support/killed-git.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import { tempDir } from '../../support/temp-dir.ts';

const rests = ({ status }: SessionState) => ['waiting', 'blocked', 'done'].includes(status.kind);

/** Its agent breaks what a check shows, and guts the file that only package.json names: a person is asked. */
async function start(git: KilledGit): Promise<SessionRig> {
  const acts = [
    { act: 'edit', path: 'run-all.sh', text: 'true\n' },
    { act: 'edit', path: 'boat.txt', text: 'boat\n' },
    { act: 'edit', path: 'src/harbour.sh', text: 'echo 2\n' },
    { act: 'commit', subject: 'Add the boats' },
    { act: 'end', did: 'Worked', signal: { status: 'done', summary: 'The boats are there' } },
  ];
  return await startRig({
    here: true,
    repo: {
      files: {
        'package.json': '{"scripts":{"test":"sh run-all.sh"}}\n',
        'run-all.sh': 'test "$(sh src/harbour.sh)" = 1\n',
        'src/harbour.sh': 'echo 1\n',
      },
      rearrange: async ({ env }) => {
        env.PATH = git.pathBefore(env.PATH);
      },
    },
    lines: { CHECK: 'npm run -s test' },
    start: { task: 'Add the boats', quick: true },
    scenario: { rules: [{ when: { phase: 'implementation' }, do: acts }] },
  });
}

/** Where it stands after each step, without what differs from run to run. */
async function outcomeOf(rig: SessionRig): Promise<unknown> {
  const { status, progress, worktree } = await rig.until(rests);
  const events = await rig.events();
  const ends = events.flatMap((event) => (event.type === 'iteration_ended' ? [event.decision.kind] : []));
  const { since: _, ...where } = status;
  const tree = await rig.repo.git(['rev-parse', `${worktree?.branch}^{tree}`]);
  return { where, ends, agents: progress.totalIterations, tree };
}

const ACCEPTED = { answers: [{ id: 'Q1', text: 'B' }], acceptSuggestions: false };

/** @returns the outcomes before and after the person's answer */
async function playOn(rig: SessionRig): Promise<unknown[]> {
  const asked = await outcomeOf(rig);
  await rig.answer(ACCEPTED, 'cli');
  return [asked, await outcomeOf(rig)];
}

function unlessKilled(error: unknown): undefined {
  if (!isSamocodeError(error) || error.code !== 'git_killed') throw error;
}

const KILLED = /nothing was concluded from it\./;

/** A person who reads that nothing was concluded resumes it. */
async function pastBlock(rig: SessionRig, form: string): Promise<void> {
  const { status } = await rig.until(rests);
  if (status.kind !== 'blocked') return;
  expect(status.reason, form).toMatch(KILLED);
  await rig.resume();
}

/** Each of its gits of one form is killed: it is blocked with the reason, or that git changes nothing. */
async function playKilled(form: string): Promise<unknown[]> {
  await using dir = await tempDir();
  const git = await KilledGit.in(dir.path);
  await git.killEach(form);
  // The person who starts it reads the reason.
  const begun = await start(git).catch(unlessKilled);
  if (begun === undefined) await git.killNone();
  await using rig = begun ?? (await start(git));
  await rig.until(rests);
  await git.killNone();
  await pastBlock(rig, form);
  return await playOn(rig);
}

async function undisturbed(): Promise<{ outcome: unknown[]; forms: string[] }> {
  await using dir = await tempDir();
  const git = await KilledGit.in(dir.path);
  await using rig = await start(git);
  return { outcome: await playOn(rig), forms: await git.forms() };
}

/** A step of a worker is repeated three times, so that not all are killed in one session; the longest has a dozen forms. */
const ROUNDS = 3;

async function playOnce(forms: readonly string[]): Promise<unknown[]> {
  await using dir = await tempDir();
  const git = await KilledGit.in(dir.path);
  await git.killFirstOf(forms);
  let begun: SessionRig | undefined;
  // A person who reads that nothing was concluded starts it again.
  while (begun === undefined) begun = await start(git).catch(unlessKilled);
  await using rig = begun;
  await pastBlock(rig, 'the first of each');
  return await playOn(rig);
}

test(
  'a session in which the first git of each form is killed has the outcome of one that nothing disturbs',
  ci,
  async () => {
    const { outcome, forms } = await undisturbed();
    expect(outcome).toMatchObject([
      { where: { kind: 'waiting', openQuestions: ['Q1'] }, agents: 1 },
      { where: { kind: 'done' }, agents: 1 },
    ]);
    const rounds = Array.from({ length: ROUNDS }, (_, round) =>
      playOnce(forms.filter((_form, at) => at % ROUNDS === round)),
    );
    for (const played of await Promise.all(rounds)) expect(played).toEqual(outcome);
  },
);

async function blocksAndContinues(choose: (forms: readonly string[]) => readonly string[]): Promise<void> {
  const { outcome, forms } = await undisturbed();
  const chosen = choose(forms);
  expect(chosen).not.toEqual([]);
  for (const form of chosen) expect(await playKilled(form), form).toEqual(outcome);
}

/** Whether the base has a package.json. */
const LOOKS = /^ls-tree --full-tree/;

test(
  'a session whose gits of one form are all killed blocks with the reason, and continues: a look that decides',
  ci,
  async () => {
    await blocksAndContinues((forms) => forms.filter((form) => LOOKS.test(form)));
  },
);

const subcommandOf = (form: string) => form.split(' ')[0];

test('a session whose gits of one form are all killed blocks with the reason, and continues: one of each subcommand', async () => {
  // The last: the later it is called, the more it decides.
  const isLast = (form: string, at: number, forms: readonly string[]) =>
    !forms.slice(at + 1).some((later) => subcommandOf(later) === subcommandOf(form));
  await blocksAndContinues((forms) => forms.filter(isLast));
});
