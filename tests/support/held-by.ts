import { getEventListeners } from 'node:events';

/** What an AbortSignal keeps alive: its listeners, and the signals that AbortSignal.any derived from it. */
export function heldBy(signal: AbortSignal): number {
  const made = Object.getOwnPropertySymbols(signal).find(
    ({ description }) => description === 'kDependantSignals',
  );
  const dependants = made && Reflect.get(signal, made);
  return getEventListeners(signal, 'abort').length + (dependants?.size ?? 0);
}
