import type { FrozenSettings } from '../../session/events/session-file.ts';

/** When a child counts as lost; awake milliseconds unless it says otherwise. */
export interface WatchLimits {
  /** Silence before the first byte: a CLI that hangs while it starts. */
  firstByteMs: number;
  /** No output, no file change and no CPU time: announced as stalled. */
  stallMs: number;
  /** The same for so long: the child is ended and the next one is told. */
  stallEndMs: number;
  /** Still alive after its final event. */
  afterFinalMs: number;
  /** Nothing but attempts to reach the network. */
  networkWaitMs: number;
  /** Bytes of stdout and stderr together. */
  logCeilingBytes: number;
}

const MINUTE_MS = 60_000;

const DEFAULTS: WatchLimits = {
  firstByteMs: 3 * MINUTE_MS,
  stallMs: 10 * MINUTE_MS,
  stallEndMs: 20 * MINUTE_MS,
  afterFinalMs: 30_000,
  networkWaitMs: 10 * MINUTE_MS,
  logCeilingBytes: 2 * 1024 ** 3,
};

export function watchLimits(settings: FrozenSettings): WatchLimits {
  const given = Object.entries(settings.watch ?? {}).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}
