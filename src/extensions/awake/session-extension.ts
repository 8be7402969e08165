import { duration } from '../../core/kernel/durations.ts';
import { stampsAt } from '../../core/kernel/files/stamps.ts';
import type { NewEvent } from '../../core/session/events/events.ts';
import { MAY_SLEEP, SLEPT, STAYS_AWAKE } from '../../core/session/events/fold-sleep.ts';
import { ownOrder } from '../../core/worker/loop/rest.ts';
import type { SessionExtension } from '../../core/worker/state/extension.ts';
import { recordIfTaken, stateOf, type Worker } from '../../core/worker/state/worker.ts';
import { Awake } from './awake.ts';
import { SleepClock } from './sleep-clock.ts';

interface SleepOfWorker {
  awake: Awake;
  slept: SleepClock;
  /** The wait whose late end was told. */
  late?: number;
}

/** A worker's; in memory, since both end with it. */
const known = new WeakMap<Worker, SleepOfWorker>();

const ANSWER_MS = 1000;
const POLL_MS = 20;

const awake: SessionExtension = {
  async beforeStep(worker) {
    const own = sleepOf(worker);
    const isNeeded = isWorking(worker);
    await own.awake.want(isNeeded);
    // Known by the end of the start, which tells it.
    const untilMs = worker.clock.monotonic() + ANSWER_MS;
    while (isNeeded && own.awake.isAsked && worker.clock.monotonic() < untilMs)
      await worker.clock.sleep(POLL_MS);
    await tell(worker, own, [...lateEnd(worker, own), ...gap(own, own.slept.look())]);
  },
  // Once a second while anything lasts.
  async checkLease(worker) {
    const own = known.get(worker);
    if (own === undefined) return;
    if (isWorking(worker)) await own.awake.want(true);
    await tell(worker, own, gap(own, own.slept.tick()));
  },
};

export const AWAKE_SESSION_EXTENSIONS: readonly SessionExtension[] = [awake];

function sleepOf(worker: Worker): SleepOfWorker {
  const { clock, env, watch } = worker;
  const before = known.get(worker);
  if (before !== undefined) return before;
  const own = { awake: new Awake({ env, clock, home: watch.home }), slept: new SleepClock(clock) };
  known.set(worker, own);
  return own;
}

/** Agents, SETUP, checks and what a person has ordered; nothing at a gate, blocked, stopped or done. */
function isWorking(worker: Worker): boolean {
  const { status, work } = stateOf(worker);
  const runs = status.kind === 'running' || status.kind === 'starting';
  return work !== undefined || (runs && ownOrder(worker) === undefined);
}

async function tell(worker: Worker, { awake }: SleepOfWorker, slept: readonly NewEvent[]): Promise<void> {
  const { sleep } = awake;
  const isNews = sleep !== undefined && stateOf(worker).sleep?.text !== sleep.text;
  const code = sleep?.isHeld ? STAYS_AWAKE : MAY_SLEEP;
  const news: NewEvent[] = isNews ? [{ type: 'notice', code, text: sleep.text }] : [];
  if (news.length + slept.length > 0) await recordIfTaken(worker, ...news, ...slept);
}

const SHORTEST_MS = 60_000;

function gap({ awake, slept: { clock } }: SleepOfWorker, sleptMs: number): NewEvent[] {
  if (sleptMs < SHORTEST_MS) return [];
  const although = awake.sleep?.isHeld ? ', although idle sleep was held off' : '';
  const text = `The session stood still for ${duration(sleptMs)}, until ${stampsAt(clock.now()).log}: the machine slept${although}.`;
  return [{ type: 'notice', code: SLEPT, text, sleptMs: Math.round(sleptMs) }];
}

/** A supervisor starts a worker within a minute. */
const LATE_MS = 5 * 60_000;

/** A wait for a time that ended long after it. */
function lateEnd(worker: Worker, own: SleepOfWorker): NewEvent[] {
  const { status } = stateOf(worker);
  const order = ownOrder(worker)?.at;
  const dueAt = status.kind === 'limited' ? status.until : typeof order === 'number' ? order : undefined;
  const lateMs = dueAt === undefined ? 0 : worker.clock.now() - dueAt;
  if (dueAt === undefined || lateMs < LATE_MS || own.late === dueAt) return [];
  own.late = dueAt;
  const text = `The session was to continue at ${stampsAt(dueAt).log} and does so ${duration(lateMs)} later: the machine slept or was off, or no supervisor ran.`;
  return [{ type: 'notice', code: SLEPT, text, sleptMs: Math.round(lateMs) }];
}
