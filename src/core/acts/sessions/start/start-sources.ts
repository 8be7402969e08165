import type { ActionContext } from '../../../caller/context/context.ts';
import { newRegistry } from '../../../kernel/registry.ts';
import type { Project } from '../../../project/finding/open-project.ts';
import type { GivenChat, SessionFile } from '../../../session/events/session-file.ts';
import type { IssueWork, SourceWork } from './work.ts';

/** Work as a session records it. */
export interface ResolvedWork extends Pick<SessionFile, 'task' | 'dive' | 'givenPlan' | 'issue' | 'chat'> {
  /** The name of the session is derived from them. */
  words: string;
}

export type Brought = NonNullable<GivenChat['brought']>;

/** @property unfit never copied, as one with a secret */
export interface ChangedFiles {
  fit: string[];
  unfit: string[];
}

/** A kind of work that an extension reads. */
export interface StartSource<W extends SourceWork = SourceWork> {
  kind: W['kind'];
  resolve(work: W, project: Project, context: ActionContext): Promise<ResolvedWork>;
  /** The files that the work has changed in the main repository and not committed, as paths relative to it. */
  changes?(work: W, project: Project, context: ActionContext): Promise<ChangedFiles>;
  /**
   * The open issues, oldest first, that a person with write access has labelled and that no session has worked on since.
   */
  labelled?(label: string, project: Project, context: ActionContext): Promise<IssueWork[]>;
  /** Copies those of the files that are still uncommitted into a commit on no branch; undefined if none is. */
  copy?(files: readonly string[], project: Project, context: ActionContext): Promise<Brought | undefined>;
  /** Warnings about work in other checkouts of the project, with which a session from this base does not begin. */
  elsewhere?(
    work: W,
    place: { project: Project; base: string | undefined },
    context: ActionContext,
  ): Promise<string[]>;
}

export const startSources = newRegistry<StartSource>('start sources');
