import { isSamocodeError } from '../../../core/kernel/errors.ts';
import type { BaseBranch } from '../../../core/project/finishing/base-branch.ts';
import type { GitContext } from '../../../core/project/git/repository.ts';
import type { Effect, PublishEnd } from '../../../core/session/events/bodies/finishing.ts';
import type { PullRequestChange } from '../../../core/session/events/bodies/positions.ts';
import type { SessionView } from '../../../core/session/folder/session-view.ts';
import type { GhContext } from '../forge/gh.ts';
import type { GitHub } from '../forge/github.ts';

/** The branch of a session, which is to be published. */
export interface Publishable {
  view: Pick<SessionView, 'folder' | 'paths' | 'state' | 'sessionFile'>;
  /** Absent without a branch. */
  base: BaseBranch | undefined;
  /** For git in MAIN_REPO. */
  git: GitContext;
}

/** A change that an effect makes to the recorded pull request at `url`. */
export type PullRequestPatch = { url: string } & PullRequestChange;

/** Runs the parts of a publication: each effect is recorded, and repeated only after a crash before it was recorded. */
export interface Effects {
  /** Whether a person requested the publication, and not the supervisor. */
  readonly isByPerson: boolean;
  /** Runs a part without an effect, in the environment in which git and gh have the person's login. */
  during<T>(act: (context: Required<GhContext>) => Promise<T>): Promise<T>;
  /**
   * Causes one effect, unless an earlier worker has recorded it, and records how it ended. Repeating an effect changes
   * nothing outside.
   * @returns undefined if `act` had no effect
   */
  cause(
    name: string,
    act: (
      forge: GitHub,
      context: Required<GhContext>,
    ) => Promise<Omit<Effect, 'name' | 'outcome'> | undefined>,
    change?: (effect: Effect) => PullRequestPatch | undefined,
  ): Promise<Effect | undefined>;
  /** The outcome of an effect that has been recorded. */
  ended(name: string): Effect | undefined;
}

export type PublishResult = Omit<PublishEnd, 'what' | 'commands'> & Partial<Pick<PublishEnd, 'commands'>>;

/**
 * Causes an effect that the publication can do without: a failure that may pass is no reason to do all again.
 * @param hint what a person does about it, if not what the error says
 */
export async function causeIfPossible(
  effects: Effects,
  [name, act, change]: Parameters<Effects['cause']>,
  hint?: string,
): Promise<Effect | undefined> {
  try {
    return await effects.cause(name, act, change);
  } catch (error) {
    if (!isSamocodeError(error)) throw error;
    return { name, outcome: 'refused', why: `${error.what} ${error.why} ${hint ?? error.hint}` };
  }
}
