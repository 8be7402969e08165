import type { ActionContext } from '../../caller/context/context.ts';
import type { SessionQuestion } from '../../caller/context/find-session.ts';
import type { Preview } from '../../caller/facts/preview.ts';
import type { SamocodeError } from '../../kernel/errors.ts';
import type { BaseBranch } from '../../project/finishing/base-branch.ts';
import type { GitContext } from '../../project/git/repository.ts';
import type { FinishFacts } from '../../session/commands/judge-finish.ts';
import type { SessionView } from '../../session/folder/session-view.ts';

import type { FinishWay } from './finish-choices.ts';

export interface FinishSessionInput extends SessionQuestion {
  how: FinishWay;
  keep: readonly string[];
  /**
   * For `pull_request`: include people's answers in its text, even if the repository is public. Only a person may
   * choose this.
   */
  withAnswers?: boolean;
  /**
   * For `pull_request`: whether the supervisor watches it until it is merged or closed. Default: the choice at an
   * earlier finish, otherwise PR_WATCH.
   */
  watch?: boolean;
  waitMs?: number;
}

/** @property shown the hash of the preview that was agreed to; without it, nothing is done */
export interface ConfirmedFinish extends FinishSessionInput {
  shown: string | undefined;
}

/** The verdict on finishing a session before a command is sent; the worker applies the same rules. */
export interface FinishVerdict extends FinishReading {
  view: SessionView;
  refusal?: SamocodeError | undefined;
  /** It is merged already, and only the comment on its issue is written again, since that may have failed. */
  isRepeated: boolean;
  moved: readonly string[];
  /** Of a pull request: whether it is to be watched. */
  watching: WatchChoice | undefined;
}

export interface FinishReading {
  facts: FinishFacts;
  /** Present if the session has a branch and this way of finishing concerns it; numbers that it needs not know are 0. */
  base: BaseBranch | undefined;
  git: GitContext;
}

/** `untrusted`: PR_WATCH=on is written in a file that is not trusted, and has no effect. */
export type WatchChoice = 'on' | 'off' | 'untrusted';

/** Why a pull request is not watched although PR_WATCH=on is written. */
export const WATCH_UNTRUSTED =
  'It is not watched: PR_WATCH=on takes effect only after you trust .samocode, in a terminal: samocode trust.';

/** How an extension publishes the branch of a session, as far as it does not happen in the worker. */
export interface Publishing {
  /** What publishing would do. Changes nothing. */
  preview(input: FinishSessionInput, judged: FinishVerdict, context: ActionContext): Promise<Preview>;
  /**
   * A sentence for the person if the supervisor will not be able to push the branch by itself; otherwise empty.
   * @param from the repository that has the branch, as `host/owner/name`
   */
  whyNotUnattended(judged: FinishVerdict, from: string, context: ActionContext): Promise<string>;
}

declare module '../../kernel/extension.ts' {
  interface Forge extends Publishing {}
}
