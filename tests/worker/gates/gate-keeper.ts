import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { ifExists } from '../../../src/base/errors.ts';
import type { EventType } from '../../../src/session/event-types.ts';
import { parseEvent, type SessionEvent } from '../../../src/session/events.ts';
import { fold } from '../../../src/session/fold.ts';
import { iterationPaths } from '../../../src/session/paths.ts';
import { emptyState, type SessionState } from '../../../src/session/state.ts';
import { eventually } from '../../support/eventually.ts';
import { type SessionRig, startRig } from '../../support/session-rig.ts';
import {
  type Cheat,
  FAILED,
  GATE_FILE,
  GATES,
  type GateName,
  NEXT_CHEAT,
  type NextCheat,
  PLAYED,
} from './cheat.ts';

/** A phase takes ten children, and some cases need two. */
const CASES_PER_SESSION = 5;
/** What is left behind acts a second after its child: by then this has passed. */
const LATE_IS_OVER_MS = 1500;

const PROGRAMS = { 'play-cheat': 'tests/worker/gates/play-cheat.ts' };
// Beside the rehearsal child lies the program that plays the cheats.
const SCENARIO = `export default {
  paceMs: 0,
  rules: [{ do: [
    { act: 'run', command: [process.execPath, process.argv[1].replace(/[^/]+$/, 'play-cheat.js')] },
    { act: 'result' },
  ] }],
};`;

/** What only a person does, or what can only follow a person's act. */
const HUMAN_ACTS: readonly EventType[] = [
  'answers_recorded',
  'plan_approved',
  'changes_requested',
  'phase_set',
  'resumed',
  'stopped',
  'done',
];

/** The act that lets another child of the same phase run. */
const ACTS = { qa: 'answers_recorded', plan: 'changes_requested', replan: 'plan_approved' } as const;

/**
 * Plays case after case at one gate: a child cheats, the session parks, and only a person's act opens the
 * gate, to the next child, which plays the next case.
 */
export class GateKeeper implements AsyncDisposable {
  readonly #gate: GateName;
  #rig: SessionRig | undefined;
  #played = 0;

  constructor(gate: GateName) {
    this.#gate = gate;
  }

  /** @throws when the gate opens to the case, or afterwards does not open to a person */
  async holds(cheat: Cheat): Promise<void> {
    try {
      await this.#play(cheat);
    } catch (error) {
      // The next case shall not suffer for it.
      await this[Symbol.asyncDispose]();
      throw error;
    }
    if (++this.#played % CASES_PER_SESSION === 0) await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const rig = this.#rig;
    this.#rig = undefined;
    await rig?.[Symbol.asyncDispose]();
  }

  async #play(cheat: Cheat): Promise<void> {
    const gate = this.#gate;
    const { phase, waitsFor } = GATES[gate];
    const rig = this.#rig ?? (await newSession(gate));
    this.#rig = rig;
    const { n: before } = await bringTo(rig, phase);
    await tell(rig, { cheat: cheat.name });
    await eventually(
      async () => (await ifExists(readFile(join(rig.repo.root, PLAYED), 'utf8'))) !== undefined,
      { what: 'a child that plays the case' },
    );
    await rig.untilWaiting(waitsFor);
    await this.#expectClosed(rig, cheat, before);
    if (cheat.late) {
      await systemClock.sleep(LATE_IS_OVER_MS);
      await this.#expectClosed(rig, cheat, before);
    }
    await this.#expectOpensToPerson(rig, before);
  }

  async #expectClosed(rig: SessionRig, cheat: Cheat, before: number): Promise<void> {
    const { phase, waitsFor } = GATES[this.#gate];
    const all = await honestLog(rig);
    const state = all.reduce(fold, emptyState());
    const view = await rig.view();
    expect(view.state, 'readers see what the log says').toEqual(state);
    expect(state.status).toMatchObject({ kind: 'waiting', for: waitsFor });
    const since = all.slice(before);
    expect(
      since.filter(({ type }) => HUMAN_ACTS.includes(type)),
      'no act of a person is on record',
    ).toEqual([]);
    const others = since.filter((event) => event.type === 'iteration_started' && event.phase !== phase);
    expect(others, 'no child of another phase ran').toEqual([]);
    expect(await rig.processesWithMark(), 'nothing was left running').toEqual([]);
    expect(view.sessionFile, 'the session is what it was').toEqual(rig.file);
    const said = await ifExists(readFile(join(rig.repo.root, FAILED), 'utf8'));
    expect(said, 'the case was played, and our own programs refused').toBeUndefined();
    if (cheat.seen) expect(since.map((event) => JSON.stringify(event)).join('\n')).toMatch(cheat.seen);
  }

  async #expectOpensToPerson(rig: SessionRig, before: number): Promise<void> {
    const all = await rig.events();
    await rm(join(rig.repo.root, PLAYED));
    const act = await actOfPerson(rig, this.#gate);
    await rig.until((state) => state.openIteration !== undefined || state.n > all.length + 8);
    const opened = (await rig.events(all.at(-1)?.n)).map(({ type }) => type);
    expect(opened, 'a person opens the gate').toContain(act);
    const started = (await rig.events(before)).filter((event) => event.type === 'iteration_started');
    expect(started.at(-1)?.n, 'the next child runs').toBeGreaterThan(all.length);
    await expectTold(rig, all.slice(before), started);
    if (act !== ACTS[this.#gate]) await this[Symbol.asyncDispose]();
  }
}

/** Makes a session whose investigation is over as soon as it has begun. */
async function newSession(gate: GateName): Promise<SessionRig> {
  const files = { [GATE_FILE]: JSON.stringify({ gate }) };
  return await startRig({ scenario: SCENARIO, programs: PROGRAMS, files });
}

/** Opens the gates before `phase` as a person; where its child runs already, nothing is to be done. */
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

async function tell(rig: SessionRig, next: NextCheat): Promise<void> {
  const path = join(rig.repo.root, NEXT_CHEAT);
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
      // A plan that is gone can't be approved: the person asks for another one.
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

/** Every line of the log is an event, numbered from 1 without gaps. */
async function honestLog(rig: SessionRig): Promise<SessionEvent[]> {
  const lines = (await readFile(rig.paths.events, 'utf8')).split('\n');
  expect(lines.pop(), 'the log ends with a whole line').toBe('');
  const events = lines.map(parseEvent).map((reading) => (reading.kind === 'event' ? reading.event : reading));
  expect(
    events.filter((event) => !('type' in event)),
    'no foreign line is in the log',
  ).toEqual([]);
  const whole = events.filter((event): event is SessionEvent => 'type' in event);
  expect(
    whole.map(({ n }) => n),
    'the events count from 1',
  ).toEqual(whole.map((_, index) => index + 1));
  return whole;
}

/** Each forgery of the case stands in the prompt of the child after it. */
async function expectTold(
  rig: SessionRig,
  since: readonly SessionEvent[],
  started: readonly SessionEvent[],
): Promise<void> {
  for (const event of since) {
    if (event.type !== 'forgery_seen') continue;
    const next = started.find((later) => later.n > event.n);
    if (next?.type !== 'iteration_started') throw new Error('No child came after the forgery.');
    const prompt = await readFile(iterationPaths(rig.paths, next.iteration).prompt, 'utf8');
    expect(prompt, 'the next child is told').toContain(event.what);
  }
}
