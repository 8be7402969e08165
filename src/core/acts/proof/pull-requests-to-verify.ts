import type { ActionContext } from '../../caller/context/context.ts';
import type { ClonePlace, CloneSet } from './checks-on-clone.ts';
import type { Claims, TrustedCommands } from './repeat-proof.ts';

export interface OpenedProof {
  claims: Claims;
  /** Of a pull request: the project's own commands. */
  trusted?: TrustedCommands;
  /** `file`: the author of the file chose its commands. */
  from: 'session' | 'file' | 'pull_request';
  place: ClonePlace;
  set: Pick<CloneSet, 'branch' | 'base' | 'proving'>;
  env: ActionContext['env'];
}

export interface PullRequestQuestion {
  number: number;
  projectDir?: string;
}

declare module '../../kernel/extension.ts' {
  interface Forge {
    /** Fetches a pull request of this project's repository, whose proof is then repeated. */
    openPullRequest(question: PullRequestQuestion, context: ActionContext): Promise<OpenedProof>;
  }
}
