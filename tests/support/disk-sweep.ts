import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/kernel/clock.ts';
import { randomFrom } from '../core/faults/chaos/random.ts';
import { ciIf } from './ci.ts';

/** What happens to a program at a change of the disk: it dies before or after it, or the change fails. */
const ONCE = ['before', 'after', 'ENOSPC', 'EIO', 'EROFS'] as const;
/** This change and all that follow fail, until the disk is repaired. */
const STAYS = ['ENOSPC stays', 'EIO stays', 'EROFS stays'] as const;
const KINDS = [...ONCE, ...STAYS];
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
  points: readonly Point[];
  /** Environment of the programs that are meant. */
  env: Record<string, string>;
  counts(): Counts;
  /**
   * Repairs a disk that stays broken once the programs have met it often enough and `isTold` holds: whoever waits for it
   * says so. Ends with the scope; throws if a program has not waited between its tries.
   */
  repairedOnce(isTold: () => Promise<boolean>): AsyncDisposable;
}

export interface Counts {
  /** Of the disk, by these programs. */
  changes: number;
  /** Points. */
  reached: number;
}

const LOOK_MS = 100;
/** Refused changes: more than one try of each program that is running. */
const OFTEN = 3;
/** Of programs that wait between their tries, until the next look at a busy machine; others have thousands. */
const MOST = 400;

/** @param root only changes below this folder count */
export function sweepOf(root: string, programs: readonly string[], points: readonly Point[]): Sweep {
  const state = join(root, 'sweep-state');
  writeFileSync(state, Buffer.alloc(32));
  const number = (index: number) => Number(readFileSync(state).readBigUInt64LE(8 * index));
  const isBroken = () => number(2) !== 0;
  const repair = () => {
    const file = openSync(state, 'r+');
    writeSync(file, Buffer.alloc(8), 0, 8, 16);
    closeSync(file);
  };
  return {
    points,
    env: {
      LD_PRELOAD: 'path' in LIBRARY ? LIBRARY.path : '',
      SWEEP_STATE: state,
      SWEEP_PROGRAMS: programs.join(','),
      SWEEP_ROOT: root,
      SWEEP_POINTS: points.map(({ at, kind }) => `${at}:${kind.replace(' ', '-')}`).join(' '),
    },
    counts: () => ({ changes: number(0), reached: number(1) }),
    repairedOnce(isTold) {
      let isOver = false;
      const repairs = async () => {
        for (let before = 0; !isOver; await systemClock.sleep(LOOK_MS)) {
          if (!isBroken() || number(3) < before + OFTEN || !(await isTold())) continue;
          repair();
          expect(number(3) - before, 'changes that a broken disk refused').toBeLessThan(MOST);
          before = number(3);
        }
      };
      const ended = repairs();
      ended.catch(() => undefined);
      return {
        async [Symbol.asyncDispose]() {
          isOver = true;
          await ended;
        },
      };
    },
  };
}

export interface Scenario {
  /** Continues the title: `a session from start to merge`. */
  name: string;
  /** The changes of an undisturbed run, less those that load or chance may leave out. */
  changes: number;
  /** How many points of each kind `test:all` tries; half of them of a disk that stays broken. */
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
      // A small scenario is repeated whole after each fault.
      const most = (2 + points.length) * changes;
      expect(counts.changes, 'changes: if there are more now, say so to sweep()').toBeLessThan(most);
    } catch (cause) {
      throw new Error(`${said} (SAMOCODE_SWEEP_SEED=${SEED}): ${cause}`, { cause });
    }
  };
  test.concurrent(`${name} survives a fault of each kind`, ciIf(ci), () =>
    played(ONCE.map((kind, index) => ({ at: Math.floor(((index + 0.5) * changes) / ONCE.length), kind }))),
  );
  const random = randomFrom(SEED);
  for (const kind of KINDS) {
    const parts = ONCE.some((once) => once === kind) ? rounds : Math.ceil(rounds / 2);
    const step = Math.floor(changes / parts);
    for (let part = 0; part < parts; part += 1) {
      const at = part * step + random.between(1, step);
      test.concurrent(`${name} survives ${kind} in part ${part + 1} of ${parts}`, () =>
        played([{ at, kind }]));
    }
  }
}
