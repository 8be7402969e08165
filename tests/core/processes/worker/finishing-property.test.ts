import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionEvent } from '../../../../src/core/session/events/events.ts';
import { ci } from '../../../support/ci.ts';
import { type Death, FinishingScene, WAYS } from './finishing-scene.ts';

type Next = 'nothing' | 'take' | 'workUnrecorded';
type Plain = 'die' | 'write' | 'commit' | 'document' | 'restore';

/** What two terminals, the workers of one session and a person in its worktree do. */
type Deed =
  | { does: 'leave'; way: (typeof WAYS)[number]; terminal: 'A' | 'B'; again: boolean; next: Next }
  | { does: 'take' | 'perform' | 'work'; dies: Death | undefined }
  | { does: Plain };

const leave = fc.record({
  does: fc.constant('leave' as const),
  // In the archive only this one is accepted.
  way: fc.constantFrom(...WAYS, 'unarchive' as const),
  terminal: fc.constantFrom('A' as const, 'B' as const),
  again: fc.integer({ min: 0, max: 3 }).map((number) => number === 3),
  next: fc.constantFrom<Next[]>('nothing', 'take', 'workUnrecorded'),
});
const step = fc.record({
  does: fc.constantFrom('take' as const, 'perform' as const, 'work' as const),
  dies: fc.oneof(
    fc.constant(undefined),
    fc.constant(undefined),
    fc.nat(25),
    fc.constant('unrecorded' as const),
  ),
});
const does = (name: Plain) => fc.constant({ does: name });

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 8, arbitrary: leave },
  { weight: 8, arbitrary: step },
  { weight: 1, arbitrary: does('die') },
  { weight: 3, arbitrary: does('write') },
  { weight: 1, arbitrary: does('commit') },
  { weight: 1, arbitrary: does('document') },
  { weight: 2, arbitrary: does('restore') },
);

async function act(scene: FinishingScene, deed: Deed): Promise<void> {
  switch (deed.does) {
    case 'leave':
      await scene.leave(deed.way, deed.terminal, deed.again);
      if (deed.next !== 'nothing') await scene.take();
      return deed.next === 'workUnrecorded' ? await scene.perform('unrecorded') : undefined;
    case 'take':
      return await scene.take(deed.dies);
    case 'perform':
      return await scene.perform(deed.dies);
    case 'work':
      await scene.take();
      return await scene.perform(deed.dies);
    case 'die':
      return await scene.anotherWorker();
    case 'write':
      return await scene.write();
    case 'commit':
      return await scene.commit();
    case 'document':
      return await scene.document();
    case 'restore':
      return await scene.restore();
    default:
      return deed satisfies never;
  }
}

/** Which work an event ends. */
function endedBy(event: SessionEvent): string[] | undefined {
  if (event.type === 'archived') return event.what === 'documents' ? ['documents'] : ['archive', 'discard'];
  if (event.type === 'unarchived') return ['unarchive'];
  if (event.type === 'merge_ended') return ['merge'];
  return event.type === 'finish_ended' ? [event.kind] : undefined;
}

/** @returns the ids of the answered commands */
function checkCommands({ state }: FinishingScene, events: readonly SessionEvent[]): string[] {
  const answered: string[] = [];
  let inProgress: string | undefined;
  for (const event of events) {
    if (event.type === 'command_accepted') {
      expect(inProgress, 'accepted while other work is in progress').toBeUndefined();
      inProgress = 'accepted';
    }
    if (event.type === 'command_accepted' || event.type === 'command_refused') answered.push(event.id);
    if (event.type === 'finish_asked') {
      expect(inProgress, 'asked for once').toBe('accepted');
      inProgress = event.work.kind;
    }
    const ended = endedBy(event);
    if (ended === undefined) continue;
    expect(ended, `${event.type} ends what is in progress`).toContain(inProgress);
    inProgress = undefined;
  }
  expect(new Set(answered).size, 'no command is answered twice').toBe(answered.length);
  expect(state.work?.kind).toBe(inProgress);
  return answered;
}

function checkFolders({ home, away, state }: FinishingScene): void {
  const isAway = existsSync(away.sessionDir);
  expect(existsSync(home.sessionDir), 'the folder is in one place').toBe(!isAway);
  if (state.work === undefined) expect(isAway, 'in the archive').toBe(state.archived);
}

async function checkRepository(scene: FinishingScene, events: readonly SessionEvent[]): Promise<void> {
  const { repo, state, restored } = scene;
  const onMain = (await repo.git(['rev-list', 'main'])).split('\n');
  const merged = events.flatMap((event) => (event.type === 'merge_ended' ? [event] : []));
  for (const end of merged) {
    expect(end.outcome, end.reason).toBe('merged');
    expect(onMain).toEqual(expect.arrayContaining([end.tip, end.commit]));
  }
  if (state.work !== undefined) return;
  expect([state.worktree?.baseCommit, ...merged.map(({ commit }) => commit)]).toContain(onMain[0]);
  const branch = await repo.git(['for-each-ref', '--format=%(objectname)', 'refs/heads/samocode/x']);
  const discarded = events.findLast((event) => event.type === 'discarded');
  const isGone = state.trash !== undefined && restored !== discarded?.n;
  expect(branch === '', 'the branch is gone').toBe(isGone);
  if (isGone) expect(existsSync(scene.worktreePath), 'the worktree is gone').toBe(false);
  if (state.trash === undefined) return;
  const { ref, commit, tip } = state.trash;
  expect(state.archived).toBe(true);
  expect(await repo.git(['rev-parse', ref])).toBe(commit);
  expect((await repo.git(['rev-list', commit])).split('\n')).toContain(tip);
}

async function checkFiles(scene: FinishingScene): Promise<void> {
  const { repo, worktreePath, files } = scene;
  const missing = [...files.keys()].filter((name) => !existsSync(join(worktreePath, name)));
  if (missing.length > 0) {
    const refs = (await repo.git(['for-each-ref', '--format=%(refname)'])).split('\n');
    const lists = await Promise.all(
      refs.map((ref) => repo.git(['ls-tree', '-r', '-z', '--name-only', `${ref}^{tree}`])),
    );
    const kept = lists.flatMap((list) => list.split('\0')).map((name) => name.replace(/^worktree\//, ''));
    expect(kept, 'a file is in the worktree, on a branch or in the trash').toEqual(
      expect.arrayContaining(missing),
    );
  }
  const folder = [scene.home, scene.away].find(({ sessionDir }) => existsSync(sessionDir));
  const names = await readdir(folder?.sessionDir ?? '', { recursive: true });
  const documents = names.map((name) => name.replace(/^_archive\/[^/]*\//, ''));
  expect(documents).toEqual(expect.arrayContaining([...scene.documents.keys()]));
}

/** @returns the ids of the answered commands */
async function check(scene: FinishingScene): Promise<string[]> {
  const events = await scene.events();
  const answered = checkCommands(scene, events);
  checkFolders(scene);
  await checkRepository(scene, events);
  await checkFiles(scene);
  return answered;
}

test('whoever asks and whenever a worker dies, each end of a session is done once, as recorded, and loses nothing', {
  ...ci,
  timeout: 1_800_000,
}, async () => {
  const deeds = fc.array(deed, { minLength: 6, maxLength: 18, size: 'max' });
  await fc.assert(
    fc.asyncProperty(deeds, async (all) => {
      await using scene = await FinishingScene.open();
      for (const each of all) {
        await act(scene, each);
        await check(scene);
      }
      // Each turn answers at least one command.
      for (let turns = 0; turns <= scene.left.length; turns += 1) {
        await scene.perform();
        await scene.take();
      }
      await scene.perform();
      expect((await check(scene)).sort()).toEqual(scene.left.map(({ id }) => id).sort());
    }),
    { numRuns: Number(process.env.SAMOCODE_PROPERTY_RUNS ?? 30), endOnFailure: true },
  );
});
