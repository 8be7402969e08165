import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { type MachineEffect, onEffects } from '../../../src/core/kernel/effects.ts';
import { namesAt, statsAt } from '../../../src/core/kernel/files/path-stats.ts';
import type { EventType } from '../../../src/core/session/events/bodies/event-types.ts';
import { iterationPaths } from '../../../src/core/session/layout/paths.ts';
import { ciIf } from '../../support/ci.ts';
import { DurableFiles, type Luck } from '../../support/durable-files.ts';
import { eventually } from '../../support/eventually.ts';
import { LOOKS_FIRST, type SessionRig, startRig } from '../../support/session-rig.ts';
import { continueHere, workHere } from '../../support/worker-in-this-process.ts';
import { isAtEnd } from './fault-row.ts';

/** The power fails between two agents, or while the second one works. */
interface Row {
  name: string;
  /** One sync: the file, or `folder` for the session folder, and which of its syncs after the first agent. */
  needs: { file: string; nth: number };
  /** The first effect after which it fails; by default once the second agent works. */
  cutAt?: (effect: MachineEffect) => boolean;
  luckOf: (name: string) => Luck;
  /** Right after the power cut; by default after the next worker has continued. */
  isAtOnce?: true;
  holds: (rig: SessionRig) => Promise<boolean>;
  ci?: true;
}

const agentStarts = ({ what }: MachineEffect) => /^agent .*-2$/.test(what);

const ROWS: Row[] = [
  {
    name: 'an end of an agent that was shown is in the log',
    needs: { file: 'events.jsonl', nth: 1 },
    cutAt: ({ what }) => what.includes('_overview.md'),
    luckOf: () => 'old',
    isAtOnce: true,
    holds: (rig) => hasEvent(rig, 'iteration_ended', 1),
  },
  {
    name: 'an agent that was started is in the log',
    needs: { file: 'events.jsonl', nth: 2 },
    cutAt: agentStarts,
    luckOf: () => 'all',
    isAtOnce: true,
    holds: (rig) => hasEvent(rig, 'iteration_started', 2),
  },
  {
    name: 'an overview keeps what others wrote',
    needs: { file: '_overview.md', nth: 1 },
    cutAt: ({ what }) => what.includes('for-each-ref') || what.includes('/phase-ends/'),
    luckOf: () => 'new',
    holds: async (rig) => (await readFile(rig.paths.overview, 'utf8')).includes(NOTE),
  },
  {
    name: 'an overview keeps what others wrote when the next agent starts',
    needs: { file: '_overview.md', nth: 2 },
    cutAt: agentStarts,
    luckOf: () => 'new',
    holds: async (rig) => (await readFile(rig.paths.overview, 'utf8')).includes(NOTE),
  },
  {
    name: 'an agent never gets a part of its prompt',
    needs: { file: 'prompt.md', nth: 1 },
    cutAt: agentStarts,
    luckOf: () => 'new',
    holds: async (rig) => (await readFile(iterationPaths(rig.paths, 2).prompt, 'utf8')).length > 1000,
  },
  {
    name: 'the signal of an earlier agent does not count for the next one',
    needs: { file: 'folder', nth: 1 },
    luckOf: (name) => (name === '_signal.json' ? 'old' : 'all'),
    holds: async (rig) => !(await endingsOf(rig, 2)).includes('signalled'),
    ci: true,
  },
  {
    name: 'a snapshot of the run folder that was lost is no breach',
    needs: { file: 'before.json', nth: 1 },
    luckOf: (name) => (name === 'before.json' ? 'new' : 'all'),
    holds: async (rig) => (await rig.state()).status.kind !== 'blocked',
  },
];

const NOTE = 'Written by a person.';

test.each(ROWS)('after a power cut $name', { timeout: 600_000 }, async (row) => {
  expect(await holdsAfterCut(row, { isSynced: true })).toBe(true);
  // Without this one sync, the same row fails: none of them is made for nothing.
  expect(await holdsAfterCut(row, { isSynced: false })).toBe(false);
});

test(
  'a prompt that a power cut took is no failure of an agent, and an older signal does not count',
  ciIf(true),
  async () => {
    await using rig = await startRig({ at: 'resting', scenario: SECOND_HANGS });
    const isStart = ({ what }: MachineEffect) => what.endsWith('events.jsonl') && isBegun(rig, 2);
    await cutPower(rig, { cutAt: isStart, luckOf: (name) => (name === 'prompt.md' ? 'old' : 'all') });
    await continueHere(rig);
    expect(await endingsOf(rig, 2)).toEqual(['not_started']);
    expect(isAtEnd((await rig.state()).status, 'waiting/qa_answers')).toBe(true);
  },
);

const SECOND_HANGS = { rules: [{ when: { iteration: 2 }, do: [{ act: 'hang' }] }, LOOKS_FIRST] };

async function holdsAfterCut(row: Row, { isSynced }: { isSynced: boolean }): Promise<boolean> {
  await using rig = await startRig({ at: 'resting', scenario: SECOND_HANGS });
  await appendFile(rig.paths.overview, `\n## Notes\n${NOTE}\n`);
  await cutPower(rig, row, isSynced ? undefined : row.needs);
  if (!row.isAtOnce) await continueHere(rig);
  return await row.holds(rig);
}

/** Leaves the files as a power cut would; the scenario then lets every agent work. */
async function cutPower(
  rig: SessionRig,
  { cutAt, luckOf }: Pick<Row, 'cutAt' | 'luckOf'>,
  left?: Row['needs'],
): Promise<void> {
  const { sessionDir, runDir } = rig.paths;
  let seen = 0;
  const without = (path: string) => {
    const name =
      path === sessionDir ? 'folder' : basename(path).replace(/^\.(.+)\.[0-9a-f]{12}\.draft$/, '$1');
    if (left === undefined || name !== left.file || !hasEnded) return false;
    seen += 1;
    return seen === left.nth;
  };
  using files = new DurableFiles({ folders: [sessionDir, runDir], without });
  let hasEnded = false;
  let image: Map<string, Buffer> | undefined;
  using _ = onEffects((effect) => {
    if (!hasEnded && effect.what.startsWith('git') && hasExited(rig, 1)) {
      hasEnded = true;
      files.settle();
    }
    if (hasEnded && cutAt?.(effect)) image ??= files.image(luckOf);
  });
  const work = workHere(rig, { kind: 'resume' });
  await rig.until(({ openIteration }) => openIteration?.iteration === 2, { leaveDead: true });
  await eventually(async () => (await rig.processesWithMark()).length > 0, { what: 'the second agent' });
  image ??= files.image(luckOf);
  await rig.stop();
  await work;
  files.restore(image);
  await writeFile(join(rig.repo.root, 'scenario.mjs'), 'export default { paceMs: 0, rules: [] };');
}

/** Before its event is in the log, its prompt is written. */
function isBegun({ paths }: SessionRig, iteration: number): boolean {
  return statsAt(iterationPaths(paths, iteration).prompt) !== undefined;
}

function hasExited({ paths }: SessionRig, iteration: number): boolean {
  const names = namesAt(iterationPaths(paths, iteration).dir) ?? [];
  return names.some((name) => name.startsWith('exit.'));
}

async function hasEvent(rig: SessionRig, type: EventType, iteration: number): Promise<boolean> {
  const events = await rig.events();
  return events.some((event) => event.type === type && 'iteration' in event && event.iteration === iteration);
}

async function endingsOf(rig: SessionRig, iteration: number): Promise<string[]> {
  const events = await rig.events();
  return events.flatMap((event) =>
    event.type === 'iteration_ended' && event.iteration === iteration ? [event.ending] : [],
  );
}
