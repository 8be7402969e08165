import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../src/core/kernel/clock.ts';
import { ifExists } from '../../../src/core/kernel/errors.ts';
import type { EventType } from '../../../src/core/session/events/bodies/event-types.ts';
import { fold } from '../../../src/core/session/events/fold.ts';
import { emptyState, type SessionState } from '../../../src/core/session/events/state.ts';
import { eventually } from '../../support/eventually.ts';
import { type RigPlan, type SessionRig, startRig } from '../../support/session-rig.ts';
import { endOfWorker } from '../../support/supervisors.ts';
import {
  type Cheat,
  GATE_FILE,
  GATES,
  type GateFile,
  type GateName,
  type Level,
  NEXT_CHEAT,
  type NextCheat,
  type Outcome,
  outcomeAt,
  PLAYED,
  RAN,
  RECORD,
  TALK,
  type WorkerKind,
  workerKind,
} from './cheat.ts';
import { expectLost, expectPlayed, expectReported, readOnce } from './gate-record.ts';

/** A phase allows ten agents, and some cases need two. */
const AGENTS_PER_SESSION = 6;
/** Longer than the second after which processes that an agent left behind act. */
const LATE_IS_OVER_MS = 1500;

const PROGRAMS = { 'play-cheat': 'tests/core/gates/play-cheat.ts' };
// The program that plays the cheats is next to the rehearsal agent and runs in its process.
const SCENARIO = `await import(process.argv[1].replace(/[^/]+$/, 'play-cheat.mjs'));`;

/** Events recorded only for a person's act, or only possible after one. */
const HUMAN_ACTS: readonly EventType[] = [
  'answers_recorded',
  'plan_approved',
  'changes_requested',
  'phase_set',
  'resumed',
  'stopped',
  'done',
];

/** The act that starts another agent of the same phase. */
const ACTS = { qa: 'answers_recorded', plan: 'changes_requested', replan: 'plan_approved' } as const;

/**
 * Plays case after case at one gate: an agent cheats, the session parks, and only a person's act opens the gate, for
 * the next agent, which plays the next case. If a case blocks the session, a person resumes it first, and the gate is
 * still closed.
 */
export class GateKeeper implements AsyncDisposable {
  readonly #gate: GateName;
  readonly #level: Level;
  /** The session at the gate before; each session is a copy of it. */
  #prepared: Promise<SessionRig> | undefined;
  #rig: SessionRig | undefined;
  #kind: WorkerKind | undefined;
  #played = 0;

  constructor(gate: GateName, level: Level = 'none') {
    this.#gate = gate;
    this.#level = level;
  }

  /**
   * Plays a case, or those that one agent plays.
   * @throws if the gate opens for them, or does not open for a person afterwards
   */
  async holds(cheats: readonly Cheat[]): Promise<void> {
    try {
      await this.#play(cheats);
    } catch (error) {
      // The next case must not be affected.
      await this.#endSession();
      throw error;
    }
    if (++this.#played === AGENTS_PER_SESSION) await this.#endSession();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endSession();
    await (await this.#prepared)?.[Symbol.asyncDispose]();
  }

  async #endSession(): Promise<void> {
    const rig = this.#rig;
    this.#rig = undefined;
    this.#played = 0;
    await rig?.[Symbol.asyncDispose]();
  }

  async #sessionFor(cheats: readonly Cheat[]): Promise<SessionRig> {
    const kind = workerKind(this.#level, cheats);
    if (this.#kind !== kind) await this.#endSession();
    this.#kind = kind;
    if (this.#rig) return this.#rig;
    const gate = { gate: this.#gate, level: this.#level };
    this.#prepared ??= prepareSession(gate);
    const { repo } = await this.#prepared;
    const rig = await startRig({ ...planOf(gate), copyOf: repo.root, here: kind === 'here' });
    this.#rig = rig;
    return rig;
  }

  async #play(cheats: readonly Cheat[]): Promise<void> {
    const { phase, waitsFor } = GATES[this.#gate];
    const rig = await this.#sessionFor(cheats);
    const { n: before } = await bringTo(rig, phase);
    await tell(rig, { cheats: cheats.map(({ name }) => name) });
    await eventually(async () => (await readScenarioFile(rig, PLAYED)) !== undefined, {
      what: 'an agent that plays the case',
    });
    const outcome = this.#outcomeOf(cheats);
    if (outcome === 'lost') {
      await expectLost(rig);
      await this.#endSession();
      return;
    }
    const isAlone = cheats.some(({ actStays }) => actStays);
    if (outcome === 'blocked') {
      // Without a lease there seems to be no worker, and a second one would take the first one's place.
      const leaveDead = !cheats.some(({ killsWorker }) => killsWorker);
      await rig.until(({ status }) => status.kind === 'blocked', { leaveDead });
      const blocked = { kind: 'blocked', rule: 'run_folder_changed' };
      await this.#expectAt(rig, cheats, { before, status: blocked });
      if (isAlone) {
        await this.#endSession();
        return;
      }
      await rig.resume();
    }
    const isUnasked = cheats.some(({ unasked }) => unasked);
    const waits = isUnasked ? { for: 'plan_approval' as const, unasked: true } : { for: waitsFor };
    await rig.untilWaiting(waits.for);
    const closed = { before, status: { kind: 'waiting', ...waits }, resumed: outcome === 'blocked' };
    await this.#expectAt(rig, cheats, closed);
    if (cheats.some(({ late }) => late)) {
      await systemClock.sleep(LATE_IS_OVER_MS);
      await this.#expectAt(rig, cheats, closed);
    }
    await this.#expectOpensToPerson(rig, before);
  }

  #outcomeOf(cheats: readonly Cheat[]): Outcome {
    const outcomes = new Set(cheats.map((cheat) => outcomeAt(this.#level, cheat)));
    const [outcome = 'closed', ...others] = outcomes;
    if (others.length > 0)
      throw new Error(`Cases of one agent must have the same outcome, not ${[...outcomes]}.`);
    return outcome;
  }

  async #expectAt(
    rig: SessionRig,
    cheats: readonly Cheat[],
    { before, status, resumed = false }: { before: number; status: object; resumed?: boolean },
  ): Promise<void> {
    const { phase } = GATES[this.#gate];
    const { all, view } = await readOnce(rig);
    const state = all.reduce(fold, emptyState());
    expect(view.state, 'readers see the state that the log records').toEqual(state);
    expect(state.status).toMatchObject(status);
    const since = all.slice(before).filter(({ type }) => !(resumed && type === 'resumed'));
    const acts = since.filter(({ type }) => HUMAN_ACTS.includes(type));
    const actStays = this.#level === 'none' && cheats.some((cheat) => cheat.actStays);
    expect(acts, 'no act of a person is recorded').toHaveLength(actStays ? 1 : 0);
    const phases = cheats.some(({ unasked }) => unasked) ? [phase, 'planning'] : [phase];
    const others = since.filter(
      (event) => event.type === 'iteration_started' && !phases.includes(event.phase),
    );
    expect(others, 'no agent of another phase ran').toEqual([]);
    expect(await readScenarioFile(rig, RAN), 'no command of an agent ran').toBeUndefined();
    const ran = all.flatMap((event) => (event.type === 'checks_ran' ? event.runs : []));
    expect(ran.filter(({ command }) => command.includes(`/${RAN}`))).toEqual([]);
    expect(await rig.processesWithMark(), 'no process is left running').toEqual([]);
    expect(view.sessionFile, 'the session is unchanged').toEqual(rig.file);
    expectPlayed(cheats, { since, level: this.#level, played: await readScenarioFile(rig, RECORD) });
  }

  async #expectOpensToPerson(rig: SessionRig, before: number): Promise<void> {
    const all = await rig.events();
    await forgetPlayed(rig);
    const { status } = await rig.state();
    const isAtPlan = status.kind === 'waiting' && status.for === 'plan_approval';
    const act = await actOfPerson(rig, this.#gate === 'qa' && isAtPlan ? 'plan' : this.#gate);
    await rig.until((state) => state.openIteration !== undefined || state.n > all.length + 8);
    const opened = (await rig.events(all.at(-1)?.n)).map(({ type }) => type);
    expect(opened, 'a person opens the gate').toContain(act);
    const started = (await rig.events(before)).filter((event) => event.type === 'iteration_started');
    expect(started.at(-1)?.n, 'the next agent runs').toBeGreaterThan(all.length);
    await expectReported(rig, all.slice(before), started);
    if (act !== ACTS[this.#gate]) await this.#endSession();
  }
}

function planOf(gate: GateFile): RigPlan {
  const files = { [`home/${TALK}/${GATE_FILE}`]: JSON.stringify(gate) };
  const plan = { scenario: SCENARIO, programs: PROGRAMS, files };
  return gate.level === 'guard' ? { ...plan, sandbox: 'guard', lines: { SANDBOX_WRITE: `~/${TALK}` } } : plan;
}

/** A session that waits for answers; or for the plan's approval, if the gate comes after that. */
async function prepareSession(gate: GateFile): Promise<SessionRig> {
  const rig = await startRig({ ...planOf(gate), at: 'asking' });
  if (gate.gate === 'replan') {
    await rig.answer();
    await rig.untilWaiting('plan_approval');
  }
  await endOfWorker(rig);
  await forgetPlayed(rig);
  return rig;
}

/** Opens the gates before `phase` as a person; does nothing if its agent already runs. */
async function bringTo(rig: SessionRig, phase: string): Promise<SessionState> {
  for (;;) {
    const state = await rig.until(
      (now) => now.openIteration?.phase === phase || now.status.kind === 'waiting',
    );
    if (state.openIteration?.phase === phase) return state;
    const { status } = state;
    if (status.kind === 'waiting' && status.for === 'qa_answers') await rig.answer();
    else await rig.approve();
    await rig.until(({ n }) => n > state.n + 1);
  }
}

async function readScenarioFile(rig: SessionRig, name: string): Promise<string | undefined> {
  return await ifExists(readFile(join(rig.repo.homeDir, TALK, name), 'utf8'));
}

async function forgetPlayed({ repo }: SessionRig): Promise<void> {
  for (const name of [PLAYED, RECORD]) await rm(join(repo.homeDir, TALK, name), { force: true });
}

async function tell(rig: SessionRig, next: NextCheat): Promise<void> {
  const path = join(rig.repo.homeDir, TALK, NEXT_CHEAT);
  await writeFile(path, JSON.stringify(next));
}

async function actOfPerson(rig: SessionRig, gate: GateName): Promise<EventType> {
  switch (gate) {
    case 'qa':
      await rig.answer();
      return 'answers_recorded';
    case 'plan':
      await rig.requestChanges('Another plan, please.');
      return 'changes_requested';
    case 'replan': {
      const { status } = await rig.state();
      // A missing plan cannot be approved: the person asks for another one.
      if (status.kind === 'waiting' && status.plan === undefined) {
        await rig.requestChanges('Where is the plan?');
        return 'changes_requested';
      }
      await rig.approve();
      return 'plan_approved';
    }
    default:
      return gate satisfies never;
  }
}
