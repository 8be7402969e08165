import type { FrozenSettings } from '../../session/events/session-file.ts';

/** When a child counts as lost; awake milliseconds unless it says otherwise. */
export type WatchLimits = Required<FrozenSettings['watch'] & {}>;

const MINUTE_MS = 60_000;

const DEFAULTS: WatchLimits = {
  /** Silence before the first byte: a CLI that hangs while it starts. */
  firstByteMs: 3 * MINUTE_MS,
  /** No output, no file change and no CPU time: announced as stalled. */
  stallMs: 10 * MINUTE_MS,
  /** The same for so long: the child is ended and the next one is told. */
  stallEndMs: 20 * MINUTE_MS,
  /** Still alive after its final event. */
  afterFinalMs: 30_000,
  /** Nothing but attempts to reach the network. */
  networkWaitMs: 10 * MINUTE_MS,
  /** Bytes of stdout and stderr together. */
  logCeilingBytes: 2 * 1024 ** 3,
};

export function watchLimits({ watch }: Pick<FrozenSettings, 'watch'>): WatchLimits {
  return { ...DEFAULTS, ...watch };
}
