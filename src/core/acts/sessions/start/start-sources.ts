import type { ActionContext } from '../../../caller/context/context.ts';
import type { Project } from '../../../project/finding/open-project.ts';
import type { GivenChat, GivenWork, SessionFile } from '../../../session/events/bodies/session-file.ts';
import type { IssueWork, SourceWork } from './work.ts';

export interface ResolvedWork extends Pick<SessionFile, 'task' | 'dive' | 'way'>, GivenWork {
  /** The name of the session is derived from them. */
  words: string;
  files?: FilesOfWork;
}

export type CopiedUncommitted = NonNullable<GivenChat['brought']>;

/** @property unfit never copied, as one with a secret */
export interface ChangedFiles {
  fit: string[];
  unfit: string[];
}

/** @property unfit those that became so since they were offered */
export interface CopiedWork {
  brought?: CopiedUncommitted;
  unfit: string[];
}

/** The files that the work has changed so far. */
export interface FilesOfWork {
  /** Those of the main repository that are not committed, as paths relative to it. */
  uncommitted(): Promise<ChangedFiles>;
  /** Copies those that are still uncommitted and fit into a commit on no branch. */
  copy(files: readonly string[]): Promise<CopiedWork>;
  /** Keeps that commit until the session's branch begins with it; removed with its checkpoints. */
  keepCopies(copied: CopiedUncommitted, sessionFolder: string): Promise<void>;
  /** Warnings about other checkouts of the project, with which a session from this base does not begin. */
  elsewhere(base: string | undefined): Promise<string[]>;
}

export interface StartSource<W extends SourceWork = SourceWork> {
  kind: W['kind'];
  resolve(work: W, project: Project, context: ActionContext): Promise<ResolvedWork>;
}

declare module '../../../kernel/extension.ts' {
  interface Extension {
    /** A kind of work from which sessions start. */
    startSource?: StartSource;
  }
  interface Forge {
    /**
     * The open issues, oldest first, that a person with write access has labelled and that no session has worked on since.
     */
    labelledIssues(label: string, project: Project, context: ActionContext): Promise<IssueWork[]>;
  }
}
