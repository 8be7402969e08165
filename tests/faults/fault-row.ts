import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StartSessionInput } from '../../src/actions/start-session.ts';
import type { Status } from '../../src/session/state.ts';
import { eventually } from '../support/eventually.ts';
import { type SessionRig, startRig } from '../support/session-rig.ts';
import { checkNeutrally, projectionsOf } from './neutral-checks.ts';

/** One named fault: what goes wrong, and where the session must stand in the end. */
export interface FaultRow {
  name: string;
  /** Rules of the scenario that the children play. */
  rules?: object[];
  /** A scenario as the text of a module, instead of rules. */
  module?: string;
  /** Fault points and other environment of the first worker alone. */
  env?: Record<string, string>;
  start?: StartSessionInput;
  lines?: Record<string, string>;
  /** What is done to it after the start. */
  act?: (rig: SessionRig) => Promise<void>;
  /** The state that it comes to: `waiting`, `blocked`, …, or with a detail, `blocked/timeouts`. */
  ends: string;
  /** Its files in the end equal those of a session that nothing happened to. */
  sameFiles?: true;
  /** Looked at beside the neutral checks. */
  also?: (rig: SessionRig) => Promise<void>;
}

/** Where a session ends that nothing could stop: the human is asked. */
export const AT_THE_GATE = 'waiting/qa_answers';

const HOW_MANY_AT_ONCE = 3;

/** Runs the rows of one table, a few at a time, each with the neutral checks at its end. */
export function faultTable(rows: readonly FaultRow[]): void {
  for (let index = 0; index < rows.length; index += HOW_MANY_AT_ONCE) {
    for (const row of rows.slice(index, index + HOW_MANY_AT_ONCE)) {
      test.concurrent(row.name, { timeout: 120_000 }, () => runRow(row));
    }
  }
}

const untouched = new Map<string, Promise<string>>();

async function runRow(row: FaultRow): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'samocode-fault-'));
  const trace = join(scratch, 'trace.jsonl');
  const crashed = join(scratch, 'crashed');
  try {
    await using rig = await startRig({
      faults: true,
      scenario: row.module ?? { about: row.name, trace, paceMs: 0, rules: row.rules ?? [] },
      firstEnv: { SAMOCODE_CRASHED_FILE: crashed, ...row.env },
      ...(row.start && { start: row.start }),
      ...(row.lines && { lines: row.lines }),
    });
    await row.act?.(rig);
    const state = await rig.until(({ status }) => standsAt(status) === row.ends || status.kind === row.ends, {
      withinMs: 100_000,
    });
    await row.also?.(rig);
    await checkNeutrally(rig, trace, state);
    if (row.env?.SAMOCODE_TEAR_AT) expect(existsSync(crashed), 'a write was torn').toBe(true);
    if (row.sameFiles) await sameFiles(rig, row);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A disk that was full is looked at every five seconds, and may be full again: then it takes a few looks. */
async function sameFiles(rig: SessionRig, row: FaultRow): Promise<void> {
  const same = await untouchedProjections(row);
  await eventually(async () => (await projectionsOf(rig)) === same, { what: 'the same files' }).catch(
    () => {},
  );
  expect(await projectionsOf(rig)).toBe(same);
}

/** `blocked/timeouts`, `waiting/qa_answers`, `stopped`. */
function standsAt(status: Status): string {
  if (status.kind === 'blocked') return `blocked/${status.rule}`;
  return status.kind === 'waiting' ? `waiting/${status.for}` : status.kind;
}

function untouchedProjections({ start, ends }: FaultRow): Promise<string> {
  const key = JSON.stringify({ start, ends });
  const known = untouched.get(key) ?? playUntouched(start, ends);
  untouched.set(key, known);
  return known;
}

async function playUntouched(start: StartSessionInput | undefined, ends: string): Promise<string> {
  await using rig = await startRig({
    faults: true,
    scenario: { about: 'untouched', paceMs: 0, rules: [] },
    ...(start && { start }),
  });
  await rig.until(({ status }) => standsAt(status) === ends);
  return await projectionsOf(rig);
}
