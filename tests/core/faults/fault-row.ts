import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import type { FrozenSettings } from '../../../src/core/session/events/bodies/session-file.ts';
import type { Status } from '../../../src/core/session/events/state.ts';
import { ciIf } from '../../support/ci.ts';
import { eventually } from '../../support/eventually.ts';
import { LOOKS_FIRST, type SessionRig, startRig } from '../../support/session-rig.ts';
import type { Start } from '../../support/start-session.ts';
import type { RepoPlan } from '../../support/temp-repo.ts';
import { continueHere, workHere } from '../../support/worker-in-this-process.ts';
import { type Death, dieInTurn, writeDyingWorker } from './dying-workers.ts';
import { expectInvariants, projectionsOf } from './neutral-checks.ts';
import { notingOverlaps } from './overlaps.ts';
import { changeSettings } from './with-settings.ts';

/** One named fault: what goes wrong, and the state the session must end in. */
export interface FaultRow {
  name: string;
  /** A representative of its family: `.ci/run` plays it. */
  ci?: true;
  /** Rules of the scenario that the agents play. */
  rules?: object[];
  /** A scenario as the text of a module, instead of rules. */
  module?: string;
  /** Fault points and other environment of the first worker only. */
  env?: Record<string, string>;
  /** Workers that die in this order before one may run on. */
  deaths?: readonly Death[];
  start?: Start;
  /** Of a row from the start. */
  repo?: RepoPlan;
  lines?: Record<string, string>;
  /** Watched by a supervisor; without one, only a person's act starts a worker. */
  supervised?: true;
  /**
   * Where it begins: at its start; prepared, before its first agent; or waiting for answers. Rows about the start begin
   * there (`env`, `start`), all others at `rest`, as if they had been started with their `lines`.
   */
  from?: 'start' | 'rest' | 'questions';
  /** Of its project, if that is not `off`. */
  sandbox?: 'guard' | 'strict';
  /** Settings that no `.samocode` allows, such as limits of a second: changed while it rests. */
  settings?: Partial<FrozenSettings>;
  /** Runs while the session rests, before it continues. */
  before?: (rig: SessionRig) => Promise<unknown>;
  /** Runs while the session runs. */
  act?: (rig: SessionRig) => Promise<void>;
  /** Neither `env` nor `act` affects its worker, so it may be this process. Default if neither is set. */
  sparesWorker?: boolean;
  /** Its final state: `waiting`, `blocked`, …, or with a detail, `blocked/timeouts`. */
  ends: string;
  /** Its final files equal those of an undisturbed session. */
  sameFiles?: true;
  /** Checked in addition to the neutral checks. */
  also?: (rig: SessionRig) => Promise<void>;
}

/** The end of a session that nothing else could stop: a person is asked. */
export const AT_THE_GATE = 'waiting/qa_answers';

const HOW_MANY_AT_ONCE = 3;

/** Runs the rows of one table, a few at a time, each followed by the neutral checks. */
export function faultTable(rows: readonly FaultRow[], of: Pick<FaultRow, 'sandbox'> = {}): void {
  for (let index = 0; index < rows.length; index += HOW_MANY_AT_ONCE) {
    for (const row of rows.slice(index, index + HOW_MANY_AT_ONCE)) {
      test.concurrent(row.name, { timeout: 900_000, ...ciIf(row.ci) }, () => runRow({ ...row, ...of }));
    }
  }
}

/** Rows that mostly wait, all at once, as one test that fails with the names of the failed rows. */
export function inParallel(title: string, rows: readonly FaultRow[], options: { ci?: true } = {}): void {
  test.concurrent(title, { timeout: 900_000, ...ciIf(options.ci) }, async () => {
    const named = rows.map((row) =>
      runRow(row).catch((cause: unknown) => {
        throw new Error(`${row.name}: ${cause}`, { cause });
      }),
    );
    const failures = (await Promise.allSettled(named)).flatMap((ran) =>
      ran.status === 'rejected' ? [ran.reason as Error] : [],
    );
    const [first, ...others] = failures;
    if (first) throw new Error([first, ...others].map(({ message }) => message).join('\n'), { cause: first });
  });
}

async function runRow(row: FaultRow): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'samocode-fault-'));
  const overlaps = join(scratch, 'agents');
  const scenario = row.module ?? {
    about: row.name,
    paceMs: 0,
    rules: notingOverlaps([...(row.rules ?? []), LOOKS_FIRST], overlaps),
  };
  try {
    const worker = row.deaths && (await writeDyingWorker(scratch, row.deaths));
    const env = { SAMOCODE_CRASHED_FILE: join(scratch, 'crashed') };
    const { rig: begun, work } = await begin(row, scenario, { env, worker });
    await using rig = begun;
    if (row.deaths) {
      await dieInTurn(rig, row.deaths, scratch);
      await inTime(continueHere(rig));
    }
    await row.act?.(rig);
    await work;
    await rig.until(({ status }) => isAtEnd(status, row.ends), { withinMs: WITHIN_MS });
    await row.also?.(rig);
    await expectInvariants(rig, overlaps, await rig.state());
    if (row.env?.SAMOCODE_CRASH_AT)
      expect(existsSync(join(scratch, 'crashed')), 'the worker died at the intended point').toBe(true);
    if (row.sameFiles) await sameFiles(rig, row);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function fromOf({ from, env, start }: Partial<FaultRow>): NonNullable<FaultRow['from']> {
  return from ?? (env || start ? 'start' : 'rest');
}

type Begun = Omit<FaultRow, 'name' | 'ends' | 'also'>;

/** A session, and its worker if that is this process. */
interface Running {
  rig: SessionRig;
  work?: Promise<void>;
}

/** Starts the session of a row. */
async function begin(
  row: Begun,
  scenario: object | string,
  { env, worker }: { env?: Record<string, string>; worker?: string } = {},
): Promise<Running> {
  const from = fromOf(row);
  const programs = { faults: true, worker, ...(row.sandbox && { sandbox: row.sandbox }) };
  const firstEnv = { ...env, ...row.env };
  const { start = {}, lines = {}, repo = {}, supervised = false } = row;
  if (from === 'start')
    return { rig: await startRig({ ...programs, scenario, firstEnv, start, lines, repo, supervised }) };
  const at = from === 'rest' ? 'resting' : 'stopped';
  const rig = await startRig({ ...programs, scenario, supervised, lines, at });
  try {
    if (row.settings) await changeSettings(rig, row.settings);
    await row.before?.(rig);
    if (from === 'questions' && !row.env && !supervised) {
      // It waits again at once, before the row acts on it.
      await inTime(workHere(rig, { kind: 'resume' }));
      return { rig };
    }
    if (sparesWorker(row)) {
      const work = inTime(workHere(rig, { kind: 'resume' }, firstEnv));
      // An act would start another worker if it found none.
      if (row.act) {
        // The state may begin and end between two polls.
        let isOver = false;
        work.finally(() => (isOver = true)).catch(() => undefined);
        await eventually(async () => isOver || (await rig.workerPid()) !== undefined);
      }
      return { rig, work };
    }
    await rig.resume({}, firstEnv);
    return { rig };
  } catch (error) {
    await rig[Symbol.asyncDispose]();
    throw error;
  }
}

function sparesWorker(row: Begun): boolean {
  return row.sparesWorker ?? !(row.env || row.deaths || row.supervised || row.act);
}

const WITHIN_MS = 480_000;

/** A worker that never leaves fails only its row, with the reason once it is awaited. */
function inTime(work: Promise<void>): Promise<void> {
  const limit = new AbortController();
  const late = systemClock.sleep(WITHIN_MS, limit.signal).then(() => {
    throw new Error('The worker never left.');
  });
  late.catch(() => undefined);
  const either = Promise.race([work, late]).finally(() => limit.abort());
  either.catch(() => undefined);
  return either;
}

/** A full disk is retried every five seconds, and may be full again, so this polls. */
async function sameFiles(rig: SessionRig, row: FaultRow): Promise<void> {
  const same = await untouchedProjections(row);
  await eventually(async () => (await projectionsOf(rig)) === same, {
    what: 'the same files',
    withinMs: 240_000,
  }).catch(() => {});
  expect(await projectionsOf(rig)).toBe(same);
}

/** @param ends with or without its detail, as in a row */
export function isAtEnd(status: Status, ends: string): boolean {
  return standsAt(status) === ends || status.kind === ends;
}

/** `blocked/timeouts`, `waiting/qa_answers`, `stopped`. */
function standsAt(status: Status): string {
  if (status.kind === 'blocked') return `blocked/${status.rule}`;
  if (status.kind === 'limited' && status.outage) return `limited/${status.outage.kind}`;
  return status.kind === 'waiting' ? `waiting/${status.for}` : status.kind;
}

const untouched = new Map<string, Promise<string>>();

function untouchedProjections(row: FaultRow): Promise<string> {
  const { start, settings, rules, sandbox, ends } = row;
  const begun = { from: fromOf(row), start, settings, rules, sandbox };
  const key = JSON.stringify({ begun, ends });
  const known = untouched.get(key) ?? playUntouched(begun, ends);
  untouched.set(key, known);
  return known;
}

async function playUntouched(
  row: Pick<FaultRow, 'from' | 'start' | 'settings' | 'rules' | 'sandbox'>,
  ends: string,
): Promise<string> {
  const { rig: begun, work } = await begin(row, {
    about: 'untouched',
    paceMs: 0,
    rules: [...(row.rules ?? []), LOOKS_FIRST],
  });
  await using rig = begun;
  await work;
  await rig.until(({ status }) => standsAt(status) === ends, { withinMs: WITHIN_MS });
  return await projectionsOf(rig);
}
