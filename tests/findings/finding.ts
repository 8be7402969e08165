/** A fault that hostile use or a review of 0.1 found, and what became of it. */
export type Finding = { id: string; fault: string } & (
  | {
      /** `red`: the test failed on 0.1 before the repair; `read`: argued from the code, not shown by a run. */
      seen: 'red' | 'read';
      /** Test file below tests/, and a title in it; several where the finding has several parts. */
      shownBy: readonly (readonly [file: string, title: string])[];
    }
  | { seen: 'unconfirmed'; instead: string }
  /** Removed together with the mechanism that it is in. */
  | { seen: 'later'; with: 'guard' | 'supervisor' | 'checkpoints' }
);
