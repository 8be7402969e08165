import type { SessionState } from './state.ts';

/**
 * Given to every child until one says that it has read them. Where children never say so, the oldest are left to
 * the inbox: they were repeated often enough, and neither state nor prompts may grow without end.
 */
const MOST_UNACKNOWLEDGED = 50;

export function delivered(state: SessionState, ids: readonly string[]): SessionState {
  const waiting = state.messages.waiting.filter((id) => !ids.includes(id));
  const unacknowledged = [...state.messages.unacknowledged, ...ids].slice(-MOST_UNACKNOWLEDGED);
  return { ...state, messages: { waiting, unacknowledged } };
}

export function acknowledged(state: SessionState, ids: readonly string[]): SessionState {
  const unacknowledged = state.messages.unacknowledged.filter((id) => !ids.includes(id));
  return { ...state, messages: { ...state.messages, unacknowledged } };
}
