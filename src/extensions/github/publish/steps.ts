import type { Effect, PublishEnd } from '../../../core/session/events/bodies/finishing.ts';
import type { PullRequestChange } from '../../../core/session/events/bodies/positions.ts';
import type { GhContext } from '../forge/gh.ts';
import type { GitHub } from '../forge/github.ts';

/** A change that an effect makes to the recorded pull request at `url`. */
export type Change = { url: string } & PullRequestChange;

/** Runs the parts of a publication: each effect is recorded, and repeated only after a crash before it was recorded. */
export interface Steps {
  /** The environment in which git and gh have the person's login. */
  readonly env: GhContext['env'];
  /** Whether a person requested the publication, and not the supervisor. */
  readonly isByPerson: boolean;
  /** Runs a part without an effect. */
  during<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /**
   * Causes one effect, unless an earlier worker has recorded it, and records how it ended. Repeating an effect changes
   * nothing outside.
   * @returns undefined if `act` had no effect
   */
  effect(
    name: string,
    act: (forge: GitHub, signal: AbortSignal) => Promise<Omit<Effect, 'name' | 'outcome'> | undefined>,
    change?: (effect: Effect) => Change | undefined,
  ): Promise<Effect | undefined>;
  /** The outcome of an effect that has been recorded. */
  ended(name: string): Effect | undefined;
}

export type End = Omit<PublishEnd, 'what' | 'commands'> & Partial<Pick<PublishEnd, 'commands'>>;
