import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import type { StartSessionInput } from '../../src/actions/sessions/start-input.ts';
import type { FrozenSettings } from '../../src/session/events/session-file.ts';
import type { Status } from '../../src/session/events/state.ts';
import { eventually } from '../support/eventually.ts';
import { type SessionRig, startRig } from '../support/session-rig.ts';
import { type Death, dieOneAfterTheOther, writeDyingWorker } from './dying-workers.ts';
import { checkNeutrally, projectionsOf } from './neutral-checks.ts';
import { notingOverlaps } from './overlaps.ts';
import { changeSettings } from './with-settings.ts';

/** One named fault: what goes wrong, and where the session must stand in the end. */
export interface FaultRow {
  name: string;
  /** Rules of the scenario that the children play. */
  rules?: object[];
  /** A scenario as the text of a module, instead of rules. */
  module?: string;
  /** Fault points and other environment of the first worker alone. */
  env?: Record<string, string>;
  /** One worker after the other dies so, before one may live. */
  deaths?: readonly Death[];
  start?: StartSessionInput;
  lines?: Record<string, string>;
  /** A supervisor watches it; without one, only a person's act starts a worker. */
  supervised?: true;
  /**
   * Where it begins: with its start; prepared, at rest before its first child; or at rest in the wait for answers.
   * Rows that say something about the start begin there (`env`, `start`, `lines`), all others at `rest`.
   */
  from?: 'start' | 'rest' | 'questions';
  /** Settings that no `.samocode` allows, such as limits of a second: changed while it rests. */
  settings?: Partial<FrozenSettings>;
  /** What is done to it while it rests, before it goes on. */
  before?: (rig: SessionRig) => Promise<unknown>;
  /** What is done to it when it runs. */
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
      test.concurrent(row.name, { timeout: 900_000 }, () => runRow(row));
    }
  }
}

async function runRow(row: FaultRow): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'samocode-fault-'));
  const overlaps = join(scratch, 'agents');
  const scenario = row.module ?? {
    about: row.name,
    paceMs: 0,
    rules: notingOverlaps(row.rules ?? [], overlaps),
  };
  try {
    const worker = row.deaths && (await writeDyingWorker(scratch, row.deaths));
    const env = { SAMOCODE_CRASHED_FILE: join(scratch, 'crashed') };
    await using rig = await begin(row, scenario, { env, worker });
    if (row.deaths) await dieOneAfterTheOther(rig, row.deaths, scratch);
    await row.act?.(rig);
    await rig.until(({ status }) => standsAt(status) === row.ends || status.kind === row.ends, {
      withinMs: 240_000,
    });
    await row.also?.(rig);
    await checkNeutrally(rig, overlaps, await rig.state());
    if (row.env?.SAMOCODE_CRASH_AT)
      expect(existsSync(join(scratch, 'crashed')), 'the worker died where it was meant to').toBe(true);
    if (row.sameFiles) await sameFiles(rig, row);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function fromOf({ from, env, start, lines }: Partial<FaultRow>): NonNullable<FaultRow['from']> {
  return from ?? (env || start || lines ? 'start' : 'rest');
}

/** The session of a row, on its way. */
async function begin(
  row: Pick<FaultRow, 'env' | 'start' | 'lines' | 'supervised' | 'from' | 'settings' | 'before'>,
  scenario: object | string,
  { env, worker }: { env?: Record<string, string>; worker?: string | undefined } = {},
): Promise<SessionRig> {
  const from = fromOf(row);
  const programs = { faults: true, worker };
  const firstEnv = { ...env, ...row.env };
  const { start = {}, lines = {}, supervised = false } = row;
  if (from === 'start') return await startRig({ ...programs, scenario, firstEnv, start, lines, supervised });
  const rig = await startRig({ ...programs, scenario, supervised, copyOf: inject('prepared')[from] });
  try {
    if (row.settings) await changeSettings(rig, row.settings);
    await row.before?.(rig);
    await rig.resume({}, firstEnv);
    return rig;
  } catch (error) {
    await rig[Symbol.asyncDispose]();
    throw error;
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
  if (status.kind === 'limited' && status.outage) return `limited/${status.outage.kind}`;
  return status.kind === 'waiting' ? `waiting/${status.for}` : status.kind;
}

const untouched = new Map<string, Promise<string>>();

function untouchedProjections(row: FaultRow): Promise<string> {
  const { start, settings, rules, ends } = row;
  const begun = { from: fromOf(row), start, settings, rules };
  const key = JSON.stringify({ begun, ends });
  const known = untouched.get(key) ?? playUntouched(begun, ends);
  untouched.set(key, known);
  return known;
}

async function playUntouched(
  begun: Pick<FaultRow, 'from' | 'start' | 'settings' | 'rules'>,
  ends: string,
): Promise<string> {
  await using rig = await begin(begun, { about: 'untouched', paceMs: 0, rules: begun.rules ?? [] });
  await rig.until(({ status }) => standsAt(status) === ends, { withinMs: 240_000 });
  return await projectionsOf(rig);
}
