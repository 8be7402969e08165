/** One phase of the plan that the scripted model writes and later carries out. */
export interface WorkPhase {
  name: string;
  /** A shell command that fails before and passes after. */
  check: string;
  /** The plan asks for a comparison of two proposals before it is built. */
  proposals?: 'two';
  newFiles?: Readonly<Record<string, string>>;
  edits?: ReadonlyArray<{ path: string; replace: string; by: string }>;
}

export interface PlannedWork {
  task: string;
  /** The end of the documents' names. */
  slug: string;
  phases: readonly WorkPhase[];
  /** Its first agent has two questions. */
  asks?: true;
}
