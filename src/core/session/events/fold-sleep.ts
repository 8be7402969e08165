import type { EventOf } from './events.ts';
import type { SessionState } from './state.ts';

/** The codes of notices about sleep: it is held off, it is not, and the machine slept. */
export const STAYS_AWAKE = 'stays_awake';
export const MAY_SLEEP = 'may_sleep';
export const SLEPT = 'slept';

export const SLEEP: readonly string[] = [STAYS_AWAKE, MAY_SLEEP, SLEPT];

export function withSleep(
  state: SessionState,
  { code, at, text, sleptMs = 0 }: EventOf<'notice'>,
): SessionState {
  if (code !== SLEPT) return { ...state, sleep: { isHeld: code === STAYS_AWAKE, text } };
  const { ms = 0, times = 0 } = state.slept ?? {};
  return { ...state, slept: { ms: ms + sleptMs, times: times + 1, until: at } };
}
