import type { CallSettings } from '../../project/settings/settings.ts';

/** What a call may choose for its session beside the project's settings. */
export interface SessionChoices {
  folder: string;
  /** The whole branch name. */
  branch?: string | undefined;
  /** A branch, tag or commit to begin at. */
  base?: string | undefined;
  autoApprove?: boolean | undefined;
  acceptSuggestions?: boolean | undefined;
  /** `guard`, `auto` or `off`, as it was written; less than the project has is a person's choice alone. */
  sandbox?: string | undefined;
}

/** A session folder that was prepared by hand, and where a worker continues it. */
export interface FolderToContinue {
  /** Its name, or its path. */
  from: string;
  /** Else as its files show; with a plan that is approved, implementation. */
  phase: string;
  /** The file name of the plan that is approved with the start. */
  approve: string;
}

export interface StartSessionInput extends Partial<FolderToContinue>, Omit<SessionChoices, 'folder'> {
  /** What is to be done, in the person's own words. */
  task?: string | undefined;
  /** A topic to research; beside a task or instead of one. */
  dive?: string | undefined;
  /** Without one, the words of the task make a name. */
  name?: string | undefined;
  projectDir?: string | undefined;
  /** Sessions of one name are listed, waited for and stopped together. */
  group?: string | undefined;
  /** Settings for this session alone. */
  settings?: CallSettings | undefined;
  /** False: everything is prepared and nothing runs until it is resumed. */
  run?: boolean | undefined;
}
