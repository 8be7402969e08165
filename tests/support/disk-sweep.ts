import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { randomFrom } from '../core/faults/chaos/random.ts';
import { ciIf } from './ci.ts';

/** What happens to a program at a change of the disk: it dies before or after it, or the change fails. */
export const KINDS = ['before', 'after', 'ENOSPC', 'EIO', 'EROFS'] as const;
export type Kind = (typeof KINDS)[number];

export interface Point {
  /** The number of the change, counted over all programs of the scenario. */
  at: number;
  kind: Kind;
}

const LIBRARY = buildLibrary();

/** Why this machine cannot sweep; undefined if it can. */
function buildLibrary(): { path: string } | { missing: string } {
  if (process.platform !== 'linux') return { missing: 'no Linux' };
  const folder = join(process.cwd(), 'node_modules/.cache/samocode-tests');
  const path = join(folder, `disk-sweep-${process.pid}.so`);
  try {
    mkdirSync(folder, { recursive: true });
    const args = [
      '-Wall',
      '-O1',
      '-fPIC',
      '-shared',
      '-o',
      `${path}.draft`,
      'tests/support/disk-sweep.c',
      '-ldl',
    ];
    execFileSync('cc', args, { stdio: 'pipe' });
    renameSync(`${path}.draft`, path);
    return { path };
  } catch {
    return { missing: 'no C compiler' };
  }
}

export interface Sweep {
  /** Environment of the programs that are meant. */
  env: Record<string, string>;
  counts(): Counts;
}

export interface Counts {
  /** Of the disk, by these programs. */
  changes: number;
  /** Points. */
  reached: number;
}

/** @param root only changes below this folder count */
export function sweepOf(root: string, programs: readonly string[], points: readonly Point[]): Sweep {
  const state = join(root, 'sweep-state');
  writeFileSync(state, Buffer.alloc(16));
  const counter = (index: number) => Number(readFileSync(state).readBigUInt64LE(8 * index));
  return {
    env: {
      LD_PRELOAD: 'path' in LIBRARY ? LIBRARY.path : '',
      SWEEP_STATE: state,
      SWEEP_PROGRAMS: programs.join(','),
      SWEEP_ROOT: root,
      SWEEP_POINTS: points.map(({ at, kind }) => `${at}:${kind}`).join(' '),
    },
    counts: () => ({ changes: counter(0), reached: counter(1) }),
  };
}

export interface Scenario {
  /** Continues the title: `a session from start to merge`. */
  name: string;
  /** The changes of an undisturbed run, less those that load or chance may leave out. */
  changes: number;
  /** How many points of each kind `test:all` tries. */
  rounds: number;
  /** `.ci/run` plays one run of it. */
  ci?: true;
  /** Plays it with one fault after the other, and asserts what holds afterwards. */
  play: (points: readonly Point[]) => Promise<Counts>;
}

/** Other points each night, unless a seed is given. */
const SEED = Number(
  process.env.SAMOCODE_SWEEP_SEED ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''),
);

/** One test with a fault of each kind, at fixed points; and one for each of many points. */
export function sweep({ name, changes, rounds, ci, play }: Scenario): void {
  if ('missing' in LIBRARY) {
    test(`${name}: no change of the disk fails here (${LIBRARY.missing})`, () => undefined);
    return;
  }
  const played = async (points: readonly Point[]) => {
    const said = points.map(({ at, kind }) => `${kind} change ${at}`).join(', ');
    try {
      const counts = await play(points);
      expect(counts.reached, `points that were reached in ${counts.changes} changes`).toBe(points.length);
      expect(counts.changes, 'changes: if there are more now, say so to sweep()').toBeLessThan(3 * changes);
    } catch (cause) {
      throw new Error(`${said} (SAMOCODE_SWEEP_SEED=${SEED}): ${cause}`, { cause });
    }
  };
  test.concurrent(`${name} survives a fault of each kind`, ciIf(ci), () =>
    played(KINDS.map((kind, index) => ({ at: Math.floor(((index + 0.5) * changes) / KINDS.length), kind }))),
  );
  const random = randomFrom(SEED);
  const step = Math.floor(changes / rounds);
  for (const kind of KINDS)
    for (let round = 0; round < rounds; round += 1) {
      const at = round * step + random.between(1, step);
      test.concurrent(`${name} survives ${kind} in part ${round + 1} of ${rounds}`, () =>
        played([{ at, kind }]));
    }
}
