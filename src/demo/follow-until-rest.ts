import { LinkedController } from '../base/linked-controller.ts';
import type { Phase } from '../phases/table.ts';
import type { Play } from './play-session.ts';
import { Look, Waited } from './tool-shapes.ts';

interface Followed {
  session: string;
  cursor: number;
  /** Grows by every phase that is seen. */
  phases: Set<Phase>;
  /** The session's one teller, from the first wait to the last. */
  teller: Teller;
}

/** Puts what a look shows on the screen. */
export type Teller = (look: Look) => void;

const WAIT_SECONDS = 30;
const LOOK_MS = 250;

const RESTING: ReadonlySet<string> = new Set(['waiting', 'blocked', 'stopped', 'done', 'needs_worker']);

/** Waits as a chat does, call by call with the cursor, and shows what the child does meanwhile. */
export async function followUntilRest(
  play: Play,
  { session, cursor, phases, teller }: Followed,
): Promise<{ look: Look; cursor: number }> {
  play.screen.toolCall('wait');
  for (let seen = cursor; ; ) {
    play.signal.throwIfAborted();
    const rest = new AbortController();
    // Whatever ends the watching early, the waiting meets it too.
    const watching = watch(play, { session, teller, phases, signal: rest.signal }).catch(() => {});
    const asked = { session, cursor: seen, timeout_s: WAIT_SECONDS };
    using interrupted = new LinkedController(play.signal);
    const waiting = play.parent.call('wait', asked, Waited, interrupted.signal);
    const waited = await waiting.finally(() => rest.abort());
    await watching;
    seen = waited.cursor;
    const look = await play.parent.call('get_status', { session }, Look);
    phases.add(look.phase);
    teller(look);
    if (RESTING.has(look.state)) return { look, cursor: seen };
  }
}

interface Watch {
  session: string;
  teller: Teller;
  phases: Set<Phase>;
  signal: AbortSignal;
}

/** Looks again and again, beside the call that waits, for the sake of the screen alone. */
async function watch(
  { parent, clock, screen }: Play,
  { session, teller, phases, signal }: Watch,
): Promise<void> {
  if (!screen.isWatched) return;
  while (!signal.aborted) {
    const look = await parent.call('get_status', { session }, Look);
    phases.add(look.phase);
    teller(look);
    await clock.sleep(LOOK_MS, signal).catch(() => {});
  }
}

/** Each child is told of once, however often and when it is looked at. */
export function newTeller({ screen }: Pick<Play, 'screen'>, session: string): Teller {
  let last: { iteration: number; phase: Phase } | undefined;
  /** 0 stands for the setting up, which is no child's. */
  let told = 0;
  return (look) => {
    const { phase, iteration, state, activity } = look;
    const rests = RESTING.has(state);
    if (state === 'running' && last && iteration > last.iteration && last.iteration > told)
      screen.ended(last.phase, look.says?.last_action ?? '');
    if (rests && iteration > told) screen.ended(phase, LAST_DEED[look.for ?? state] ?? look.summary);
    // Between two children the phase is the next one's already.
    if (iteration !== last?.iteration) last = { iteration, phase };
    told = rests ? iteration : Math.max(told, iteration - 1);
    if (rests) return;
    const works = state === 'running' && iteration > told;
    const child = works ? iteration : undefined;
    screen.progress({ session, phase: works ? last.phase : phase, child, state, doing: activity });
  };
}

/** What the child did before a rest: the status then speaks of the rest alone. */
const LAST_DEED: Readonly<Record<string, string>> = {
  qa_answers: 'It has questions',
  plan_approval: 'It has a plan',
  done: 'It wrote the summary',
};
